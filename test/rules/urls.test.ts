import t from 'tap'
import { parseAllowedOrigin, parseEndpoint, parseOrigin } from '../../src/rules/urls.ts'

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
