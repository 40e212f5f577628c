import fc from 'fast-check'
import t from 'tap'
import { isSecretAnswer, isSecretKey } from '../../src/report/redact.ts'
import { redactBody, redactLinks, redactPairs } from '../../src/report/redact-body.ts'

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

t.test('a key is a secret one however it is written', async t => {
  for (const key of [
    'password',
    'Password',
    'newPassword',
    'access_token',
    'accessToken',
    'X-Api-Key',
    'pwd'
  ]) {
    t.ok(isSecretKey(key), key)
  }
  for (const key of ['user', 'max_tokens', 'tokenizer', 'passwordless', 'id', ''])
    t.notOk(isSecretKey(key), key)
  t.ok(isSecretKey('code'))
  t.notOk(isSecretAnswer('code'), 'in an answer it is that of an error')
})

t.test('in JSON the values of secret keys go, whatever they are', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"user":"a","password":"b"}', '{"user":"a","password":"REDACTED"}'],
    ['{ "password" :\n "b\\"c", "d": 1 }', '{ "password" :\n "REDACTED", "d": 1 }'],
    ['{"pin":1234,"a":1}', '{"pin":"REDACTED","a":1}'],
    ['{"a":{"token":["x",{"y":"]}"}]},"b":2}', '{"a":{"token":"REDACTED"},"b":2}'],
    ['{"pass\\u0077ord":"b"}', '{"pass\\u0077ord":"REDACTED"}'],
    ['{"token":null,"secret":"","password":true}', '{"token":null,"secret":"","password":true}'],
    ['{"note":"\\"password\\":\\"b\\""}', '{"note":"\\"password\\":\\"b\\""}'],
    ['["password","b"]', '["password","b"]'],
    ['{"url":"https://a/?x=1&token=abc&y=2"}', '{"url":"https://a/?x=1&token=REDACTED&y=2"}']
  ]
  for (const [before, after] of cases) t.equal(redactBody(before, json), after)
})

t.test('where a body was cut, no beginning of a secret is left', async t => {
  const whole = '{"user":"a","password":"hunter2\\"x","token":{"a":["hunter2"]},"pin":"hunter2"}'
  for (let length = 0; length <= whole.length; length++) {
    t.notMatch(redactBody(whole.slice(0, length), json), /"h/, `cut at ${length}`)
  }
})

t.test('in a form and in a query the values of secret keys go', async t => {
  t.equal(redactPairs('user=a&password=b%26c&x'), 'user=a&password=REDACTED&x')
  t.equal(
    redactBody('pass%77ord=b&user[token]=c&token=', form),
    'pass%77ord=REDACTED&user[token]=REDACTED&token='
  )
  t.equal(redactBody('{"password":"b"}', form), '{"password":"REDACTED"}', 'a form in name only')
  t.equal(redactBody('password=b&a=1', ''), 'password=REDACTED&a=1', 'one that does not say so')
  t.equal(redactLinks('https://a/cb?code=1&state=2'), 'https://a/cb?code=REDACTED&state=2')
})

t.test('in multipart the parts with secret names go', async t => {
  const part = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: text/plain\r\n\r\n${value}\r\n`
  const before = `${part('user', 'a')}${part('password', 'b\r\nc')}${part('file', '\xff\0')}--b--\r\n`
  const after = `${part('user', 'a')}${part('password', 'REDACTED')}${part('file', '\xff\0')}--b--\r\n`
  t.equal(redactBody(before, 'multipart/form-data; boundary=b'), after)
  t.equal(
    redactBody(before.slice(0, before.indexOf('\r\nc')), 'Multipart/Form-Data').includes('\r\n\r\nb'),
    false
  )
})

t.test('whatever a body holds, nothing is thrown, and a secret in sound JSON is never left', async () => {
  const kinds = fc.constantFrom(json, form, 'multipart/form-data', 'text/plain', '')
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      kinds,
      (text, kind) => void redactBody(text, kind)
    )
  )
  const key = fc.constantFrom('password', 'refreshToken', 'client-secret')
  fc.assert(
    fc.property(fc.jsonValue(), key, fc.jsonValue(), fc.boolean(), (before, name, after, spaced) => {
      const text = JSON.stringify({ before, [name]: 'hunter2', after }, null, spaced ? 2 : 0)
      const out = redactBody(text, json)
      return !out.includes('hunter2') && JSON.parse(out)[name] === 'REDACTED'
    })
  )
})

t.test('the longest body costs no more than its length', async t => {
  const size = 65_536
  const hostile = ['"', '{', '"a":', '\\', 'name=', '\r\n--', '?a=', '"token":[', '; name="a\r\n', '&']
  for (const text of hostile) {
    for (const kind of [json, form, 'multipart/form-data', '']) {
      const start = performance.now()
      redactBody(text.repeat(size / text.length), kind)
      // Squares of this length take seconds.
      t.ok(performance.now() - start < 500, JSON.stringify(text))
    }
  }
})
