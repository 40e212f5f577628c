import t from 'tap'
import { isSecretAnswer, isSecretField, isSecretKey } from '../../src/rules/secret-keys.ts'

t.test('a key is a secret one however it is written, and wherever in it that is said', async t => {
  for (const key of [
    ...[
      'password',
      'Password',
      'newPassword',
      'password_confirmation',
      'password2',
      'user[password]',
      'db_pass'
    ],
    ...['access_token', 'accessToken', 'tokenValue', 'id_token_hint', 'refreshTokens', 'OAuth2Token'],
    ...['secret_key', 'secretAccessKey', 'AWSAccessKeyId', 'X-Api-Key', 'apikeys', 'ssh-key', 'pwd'],
    ...[
      'jwt',
      'JWT',
      'session',
      'session_id',
      'PHPSESSID',
      'JSESSIONID',
      'connect.sid',
      'csrfmiddlewaretoken'
    ],
    ...['otp', 'userOTP', 'OTPCode', 'totp', 'card_pin', 'cvv', 'code', 'verification_code', 'code_verifier'],
    ...['Signature', 'X-Amz-Credential', 'client_assertion', 'auth', `${'x'.repeat(300)}_password`]
  ])
    t.ok(isSecretKey(key), key)
  for (const key of [
    ...[
      'user',
      'max_tokens',
      'completion_tokens',
      'tokenizer',
      'author',
      'id',
      '',
      'zip_code',
      'status_code'
    ],
    ...['spinning', 'hotplate', 'key', 'keyboard', 'compass', 'inside', 'design', 'option']
  ])
    t.notOk(isSecretKey(key), key)
})

t.test('a code is a secret but in an answer, where it is that of an error', async t => {
  t.ok(isSecretKey('code'))
  t.notOk(isSecretAnswer('code'))
  t.ok(isSecretAnswer('auth_code'))
})

t.test('header fields that bear secrets are known by their names', async t => {
  for (const name of [
    ...['authorization', 'proxy-authorization', 'authentication', 'cookie', 'set-cookie', 'dpop'],
    ...[
      'x-access-token',
      'x-amz-security-token',
      'x-api-key',
      'x-auth-token',
      'x-csrf-token',
      'x-goog-api-key'
    ],
    ...['x-vault-token', 'x-xsrf-token', 'x-session-token', 'private-token', 'job-token', 'x-session-id']
  ])
    t.ok(isSecretField(name), name)
  for (const name of [
    ...['accept', 'content-type', 'x-tenant', 'traceparent', 'access-control-allow-credentials', 'etag'],
    ...['www-authenticate', 'sec-websocket-key', 'content-security-policy', 'location', 'referer', 'host']
  ])
    t.notOk(isSecretField(name), name)
})
