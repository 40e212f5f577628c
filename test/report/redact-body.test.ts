import fc from 'fast-check'
import t from 'tap'
import { redactBody, redactLinks, redactPairs, redactText } from '../../src/report/redact-body.ts'
import { effortOf } from '../effort.ts'

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

t.test('in JSON the values of secret keys go, whatever they are', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"user":"a","password":"b"}', '{"user":"a","password":"REDACTED"}'],
    ['{ "password" :\n "b\\"c", "d": 1 }', '{ "password" :\n "REDACTED", "d": 1 }'],
    ['{"pin":1234,"a":1}', '{"pin":"REDACTED","a":1}'],
    ['{"a":{"token":["x",{"y":"]}"}]},"b":2}', '{"a":{"token":"REDACTED"},"b":2}'],
    ['{"pass\\u0077ord":"b"}', '{"pass\\u0077ord":"REDACTED"}'],
    ['{"token":null,"secret":"","password":true}', '{"token":null,"secret":"","password":true}'],
    ['{"note":"password: b"}', '{"note":"password: b"}'],
    ['["password","b"]', '["password","b"]'],
    ['{"url":"https://a/?x=1&token=abc&y=2"}', '{"url":"https://a/?x=1&token=REDACTED&y=2"}']
  ]
  for (const [before, after] of cases) t.equal(redactBody(before, json), after)
})

t.test('in JSON that is a string inside JSON, too, and the outer JSON stays sound', async t => {
  const inner = JSON.stringify({ password: 'hun"ter2\\', list: ['a'], token: { a: ['hunter2'] }, b: 'c' })
  const once = JSON.stringify({ body: inner, n: 1 })
  const twice = JSON.stringify({ record: once, n: 2 })
  const shown = { password: 'REDACTED', list: ['a'], token: 'REDACTED', b: 'c' }
  t.strictSame(JSON.parse(JSON.parse(redactBody(once, json)).body), shown)
  const { record, n } = JSON.parse(redactBody(twice, json))
  t.equal(n, 2)
  t.strictSame(JSON.parse(JSON.parse(record).body), shown)
  t.strictSame(JSON.parse(redactBody('{"a":"token\\": [1,2","b":"c"}', json)).b, 'c')
  t.strictSame(JSON.parse(redactBody('{"a":"https://b/?token=","b":"c"}', json)).b, 'c')
})

t.test('a quote too many in front of it hides no JSON', async t => {
  for (const before of ['say "hi ', '"', '5" pipe: ', 'a\\"b ', '"" " ', '\\', '']) {
    t.equal(
      redactBody(`${before}{"password":"x","a":1}`, 'text/plain'),
      `${before}{"password":"REDACTED","a":1}`,
      before
    )
  }
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

t.test('in fragments, behind semicolons and in quotes the values of secret keys go', async t => {
  for (const [before, after] of [
    ['https://app/cb#access_token=abc', 'https://app/cb#access_token=REDACTED'],
    ['https://app/cb#state=1&access_token=abc&b=2', 'https://app/cb#state=1&access_token=REDACTED&b=2'],
    ['/a;jsessionid=abc?x=1', '/a;jsessionid=REDACTED'],
    ['a=1;token=abc;b=2&c=3', 'a=1;token=REDACTED&c=3'],
    ['password=a;b#c&d=1', 'password=REDACTED&d=1'],
    ['token="a b" c', 'token=REDACTED c'],
    ["token='a b' c", 'token=REDACTED c'],
    ['{"q":"token=\\"a b\\" c"}', '{"q":"token=REDACTED c"}'],
    ['{"q":"https:\\/\\/a\\/?sig=a\\/b"}', '{"q":"https:\\/\\/a\\/?sig=REDACTED"}'],
    [`${'k'.repeat(80)}_password=x`, `${'k'.repeat(80)}_password=REDACTED`],
    ['==a', '==a']
  ] as const)
    t.equal(redactText(before), after)
  t.equal(redactPairs('a=1;token=b;c=2&d=3'), 'a=1;token=REDACTED&d=3')
  t.equal(redactPairs('password=b;c&d=3'), 'password=REDACTED&d=3')
  t.equal(redactPairs('to=https://a/#id_token=b&d=3'), 'to=https://a/#id_token=REDACTED&d=3')
})

t.test('what a URL has before its @ goes', async t => {
  for (const [before, after] of [
    ['https://user:pass@host/a', 'https://REDACTED@host/a'],
    ['https://ghp_abc@github.com/a', 'https://REDACTED@github.com/a'],
    ['https://user:p@ss@host/a', 'https://REDACTED@host/a'],
    ['{"u":"amqp:\\/\\/user:pass@host"}', '{"u":"amqp:\\/\\/REDACTED@host"}'],
    ['https://host/@user/a', 'https://host/@user/a'],
    ['mail a@b.c', 'mail a@b.c']
  ] as const)
    t.equal(redactText(before), after)
})

t.test('a part of multipart is read as what it holds, and a key in PEM goes to its end', async t => {
  const kind = 'multipart/form-data; boundary=b'
  const part = (head: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`
  t.equal(
    redactBody(`${part('name="data"', '{"password":"x"}')}--b--\r\n`, kind),
    `${part('name="data"', '{"password":"REDACTED"}')}--b--\r\n`
  )
  const pem =
    '-----BEGIN CERTIFICATE-----\r\nMII\r\n-----END CERTIFICATE-----\r\n-----BEGIN KEY-----\r\n\r\nhunter2'
  t.equal(
    redactBody(`${part('name="private_key"', pem)}${part('name="a"', '1')}--b--`, kind),
    `${part('name="private_key"', 'REDACTED')}${part('name="a"', '1')}--b--`
  )
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

t.test('a secret key may end in backslashes, at any depth', async t => {
  const before = { 'jwt\\': 0, a: { 'token\\\\': 'x' } }
  const after = { 'jwt\\': 'REDACTED', a: { 'token\\\\': 'REDACTED' } }
  const packed = (value: unknown, times: number): string =>
    times === 0 ? JSON.stringify(value) : JSON.stringify({ s: packed(value, times - 1) })
  for (const times of [0, 1, 2, 3]) t.equal(redactBody(packed(before, times), json), packed(after, times))
})

t.test('a value that looks like a key of its own does not hide the secret behind it', async t => {
  const text = JSON.stringify({ '': '"token":\\', token: 'hunter2', x: '' })
  t.notMatch(redactBody(text, json), 'hunter2')
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
  const hostile = [
    '"',
    '{',
    '"a":',
    '\\',
    'name=',
    '\r\n--',
    '?a=',
    '"token":[',
    '; name="a\r\n',
    '&',
    '\\"',
    'a;',
    '://',
    'k=',
    '"token":',
    '=""',
    '://a@'
  ]
  for (const text of hostile) {
    for (const kind of [json, form, 'multipart/form-data', '']) {
      const body = text.repeat(size / text.length)
      // Squares of this length take seconds.
      t.ok(effortOf(() => redactBody(body, kind)) < 500, JSON.stringify(text))
    }
  }
})
