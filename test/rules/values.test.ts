import t from 'tap'
import {
  formatDuration,
  formatLimit,
  formatRate,
  formatSize,
  parseAllowedOrigin,
  parseBearer,
  parseDuration,
  parseEndpoint,
  parseFieldName,
  parseFieldValue,
  parseLimit,
  parseMethod,
  parseOrigin,
  parseRange,
  parseRate,
  parseSecretField,
  parseSharedSecret,
  parseSize,
  parseText,
  parseUpstreamName,
  parseWorkers
} from '../../src/rules/values.ts'

t.test('durations are a number and a unit', async t => {
  t.equal(parseDuration('250ms'), 250)
  t.equal(parseDuration('5s'), 5000)
  t.equal(parseDuration('1.5s'), 1500)
  t.equal(parseDuration('10m'), 600_000)
  t.equal(parseDuration('1h'), 3_600_000)
  t.equal(parseDuration('0s'), 0)
  for (const wrong of [
    '',
    '5',
    's',
    '-5s',
    '5 s',
    '5S',
    '1d',
    '0.5ms',
    '1e3s',
    '600h',
    '5s\n',
    '99999999999s'
  ]) {
    t.equal(parseDuration(wrong), undefined, JSON.stringify(wrong))
  }
})

t.test('a duration is shown so that it reads back as itself', async t => {
  for (const ms of [0, 1, 250, 1500, 5000, 60_000, 90_000, 3_600_000]) {
    t.equal(parseDuration(formatDuration(ms)), ms, formatDuration(ms))
  }
  t.equal(formatDuration(90_000), '90s')
})

t.test('sizes are a number and a unit of powers of two, or a number of bytes', async t => {
  t.equal(parseSize('512B'), 512)
  t.equal(parseSize('32KiB'), 32_768)
  t.equal(parseSize('10MiB'), 10_485_760)
  t.equal(parseSize('1GiB'), 1_073_741_824)
  t.equal(parseSize(4096), 4096)
  for (const wrong of [
    '',
    '10',
    '10MB',
    '10k',
    '1.5MiB',
    '-1B',
    ' 1B',
    '1B\n',
    '1 KiB',
    -1,
    1.5,
    Number.NaN
  ]) {
    t.equal(parseSize(wrong), undefined, JSON.stringify(wrong))
  }
})

t.test('a size is shown so that it reads back as itself', async t => {
  for (const bytes of [0, 1, 1000, 1024, 1536, 10_485_760, 3 * 1024 ** 3]) {
    t.equal(parseSize(formatSize(bytes)), bytes, formatSize(bytes))
  }
  t.equal(formatSize(1536), '1536B')
})

t.test('rates are percent or a fraction', async t => {
  t.equal(parseRate('30%'), 0.3)
  t.equal(parseRate('0.3'), 0.3)
  t.equal(parseRate(0.3), 0.3)
  t.equal(parseRate('0%'), 0)
  t.equal(parseRate('100%'), 1)
  t.equal(parseRate('0.01%'), 0.0001)
  t.equal(parseRate(1), 1)
  for (const wrong of ['', '30', '101%', '-1%', '1.5', 1.5, -0.1, '%', '3 %', '1e-3', Number.NaN]) {
    t.equal(parseRate(wrong), undefined, String(wrong))
  }
})

t.test('a rate is shown without the noise of floating point', async t => {
  t.equal(formatRate(0.07), '7%')
  t.equal(formatRate(0.29), '29%')
  t.equal(formatRate(0.0001), '0.01%')
  t.equal(formatRate(1), '100%')
})

t.test('a limit is a number in a second, a minute or an hour, and is shown as it was written', async t => {
  t.strictSame(parseLimit('200/s'), { count: 200, perMs: 1000 })
  t.strictSame(parseLimit('5/h'), { count: 5, perMs: 3_600_000 })
  for (const text of ['0/s', '200/s', '1/m', '9999999/h']) {
    const limit = parseLimit(text)
    t.equal(limit === undefined ? undefined : formatLimit(limit), text)
  }
  for (const text of [
    '',
    '200',
    '200/',
    '/s',
    '1.5/s',
    '-1/s',
    '01/s',
    '1/ms',
    '1/d',
    '99999999/s',
    '1/s '
  ]) {
    t.equal(parseLimit(text), undefined, text)
  }
})

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

t.test('ranges are CIDRs, single addresses and three names', async t => {
  t.same(parseRange('any'), { kind: 'any' })
  t.same(parseRange('10.0.0.0/8'), { kind: 'range', address: '10.0.0.0', prefix: 8, family: 4 })
  t.same(parseRange('10.1.2.3'), { kind: 'range', address: '10.1.2.3', prefix: 32, family: 4 })
  t.same(parseRange('fd00::/8'), { kind: 'range', address: 'fd00::', prefix: 8, family: 6 })
  t.same(parseRange('::1'), { kind: 'range', address: '::1', prefix: 128, family: 6 })
  for (const wrong of [
    '',
    'all',
    '10.0.0.0/33',
    '10.0.0',
    '::/129',
    'example.com',
    '10.0.0.0/',
    '::ffff:10.0.0.0/104'
  ]) {
    t.equal(parseRange(wrong), undefined, wrong)
  }
})

t.test('an upstream is an origin and nothing behind it', async t => {
  t.equal(parseOrigin('http://orders:8080')?.origin, 'http://orders:8080')
  t.equal(parseOrigin('https://[::1]:8443/')?.origin, 'https://[::1]:8443')
  const wrong = [
    'orders:8080',
    'http://',
    'ftp://a',
    'http://a/b',
    'http://a?b',
    'http://a/?',
    'http://a#',
    'http://u:p@a'
  ]
  for (const each of [...wrong, 'http://a b', 'http://a\n', 'http://a:99999']) {
    t.equal(parseOrigin(each), undefined, JSON.stringify(each))
  }
})

t.test('an endpoint may have path and query, but no password', async t => {
  t.equal(parseEndpoint('http://c:4318/v1/traces?x=1'), 'http://c:4318/v1/traces?x=1')
  for (const wrong of ['c:4318', 'http://u:p@c/', 'http://c/\r\nx', 'http://c/#a'])
    t.equal(parseEndpoint(wrong), undefined)
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

t.test('allowed origins are what browsers send', async t => {
  t.equal(parseAllowedOrigin('https://Shop.example.com'), 'https://shop.example.com')
  t.equal(parseAllowedOrigin('https://*.example.com:8443'), 'https://*.example.com:8443')
  t.equal(parseAllowedOrigin('https://a.example.com:443'), 'https://a.example.com')
  t.equal(parseAllowedOrigin('http://a.example.com:80'), 'http://a.example.com')
  t.equal(parseAllowedOrigin('*'), '*')
  for (const wrong of [
    '',
    'null',
    'a.com',
    'https://',
    'https://a.com/',
    'https://*',
    'https://a.*.com',
    'https://*a.com'
  ]) {
    t.equal(parseAllowedOrigin(wrong), undefined, wrong)
  }
})

t.test('names stay on one line', async t => {
  t.equal(parseText('订单 gateway'), '订单 gateway')
  for (const wrong of ['', ' a', 'a\nb', 'a\u2028b', 'a\u0085b', 'x'.repeat(257)])
    t.equal(parseText(wrong), undefined)
  t.equal(parseUpstreamName('orders-2.v1'), 'orders-2.v1')
  for (const wrong of ['', '-a', 'a b', 'a/b', 'a"b']) t.equal(parseUpstreamName(wrong), undefined, wrong)
  t.equal(parseBearer('abc-._~+/=='), 'abc-._~+/==')
  for (const wrong of ['', 'a b', 'a\n', '=']) t.equal(parseBearer(wrong), undefined, wrong)
})

t.test('a number of workers is a whole one from 1 up, as text too, or auto', async t => {
  for (const [text, expected] of [
    ['auto', 'auto'],
    [1, 1],
    ['16', 16],
    [256, 256]
  ] as const) {
    t.equal(parseWorkers(text), expected)
  }
  for (const text of [0, -1, 1.5, 257, Number.NaN, '', '0', '1.5', ' 2', '2 ', '1e2', '0x2', 'AUTO', 'all']) {
    t.equal(parseWorkers(text), undefined, String(text))
  }
})
