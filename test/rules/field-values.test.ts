import t from 'tap'
import {
  parseBearer,
  parseFieldName,
  parseFieldValue,
  parseMethod,
  parseOwnFieldName,
  parseSecretField,
  parseSharedSecret
} from '../../src/rules/field-values.ts'

t.test('a secret is long and has no blanks, and its field is one that nothing else needs', async t => {
  for (const text of ['correct-horse-battery', 'x'.repeat(16), 'x'.repeat(1024)]) {
    t.equal(parseSharedSecret(text), text)
  }
  for (const text of [
    '',
    'x'.repeat(15),
    'x'.repeat(1025),
    'with a blank in between',
    'line\nfeed-in-between'
  ]) {
    t.equal(parseSharedSecret(text), undefined, text)
  }
  t.equal(parseSecretField('X-Gateway-Secret'), 'x-gateway-secret')
  t.equal(parseSecretField('Authorization'), 'authorization')
  for (const text of [
    'Host',
    'origin',
    'Content-Length',
    'traceparent',
    'TraceState',
    'X-B3-TraceId',
    'newrelic',
    'baggage',
    'sw8-correlation',
    'uberctx-key',
    'X-Forwarded-For',
    'forwarded',
    'x secret',
    ''
  ]) {
    t.equal(parseSecretField(text), undefined, text)
  }
})

t.test('names and values of fields cannot break out of a header', async t => {
  t.equal(parseFieldName('X-Tenant'), 'x-tenant')
  for (const wrong of ['', 'a b', 'a:', 'a\r\nb', 'ä'])
    t.equal(parseFieldName(wrong), undefined, JSON.stringify(wrong))
  t.equal(parseFieldValue('Bearer a b'), 'Bearer a b')
  t.equal(parseFieldValue(''), '')
  for (const wrong of ['a\r\nb', 'a\n', ' a', 'a ', 'é', '\0']) {
    t.equal(parseFieldValue(wrong), undefined, JSON.stringify(wrong))
  }
  t.equal(parseMethod('GET'), 'GET')
  for (const wrong of ['get', '', 'G T']) t.equal(parseMethod(wrong), undefined)
})

t.test('the token of the admin listener is one that a field can hold', async t => {
  t.equal(parseBearer('abc-._~+/=='), 'abc-._~+/==')
  for (const wrong of ['', 'a b', 'a\n', '=']) t.equal(parseBearer(wrong), undefined, wrong)
})

t.test('what is of a connection, or says how long a body is, is not for rules to write', async t => {
  for (const name of [
    'Transfer-Encoding',
    'content-length',
    'TE',
    'Trailer',
    'upgrade',
    'Keep-Alive',
    'Connection'
  ])
    t.equal(parseOwnFieldName(name), undefined, name)
  t.equal(parseOwnFieldName('X-Api-Key'), 'x-api-key')
  t.equal(parseOwnFieldName('a b'), undefined)
})
