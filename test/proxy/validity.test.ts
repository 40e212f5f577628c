// What the matrix cannot send: the rest is there, byte by byte.
import fc from 'fast-check'
import t from 'tap'
import { failures } from '../../src/proxy/failure.ts'
import { asksGateway, faultOf, plainTarget } from '../../src/proxy/validity.ts'

function fault(url: string, host: string | undefined, httpVersion = '1.1', method = 'GET') {
  return faultOf({ method, url, httpVersion, rawHeaders: host === undefined ? [] : ['Host', host] })
}

t.test('a stream of HTTP/2 has a path and an authority, and nothing in full', async t => {
  t.equal(fault('/x', 'a', '2'), undefined)
  t.equal(fault('http://a/x', 'a', '2'), failures.badRequest)
  t.equal(fault('/x', undefined, '2'), failures.badRequest)
  t.equal(fault('/x', 'a,b', '2'), failures.badRequest)
  t.equal(fault('*', 'a', '2', 'OPTIONS'), undefined)
})

t.test(
  'an expectation other than 100-continue is refused, on a stream and a handshake too; 1.0 has none',
  async t => {
    const expecting = (httpVersion: string, ...expectations: string[]) =>
      faultOf({
        method: 'GET',
        url: '/x',
        httpVersion,
        rawHeaders: ['Host', 'a', ...expectations.flatMap(expectation => ['Expect', expectation])]
      })
    for (const version of ['1.1', '2']) {
      t.equal(expecting(version, '100-Continue'), undefined)
      for (const unmet of ['foo', '', 'foo, 100-continue', '100-continue=1', ' 100-continue'])
        t.equal(expecting(version, unmet), failures.expectationFailed, unmet)
      t.equal(expecting(version, '100-continue', 'foo'), failures.expectationFailed)
    }
    t.equal(expecting('1.0', 'foo'), undefined)
  }
)

t.test('CONNECT is refused, if ever it comes here', async t => {
  t.equal(fault('/x', 'a', '2', 'CONNECT'), failures.methodNotAllowed)
})

t.test('a target without fault goes on as a path, or as an asterisk', async t => {
  for (const [url, target] of [
    ['/x?y', '/x?y'],
    ['//evil.example/x', '//evil.example/x'],
    ['http://a/x?y=http://b', '/x?y=http://b'],
    ['https://a', '/'],
    ['http://a?x', '/?x'],
    ['*', '*']
  ] as const)
    t.equal(plainTarget('GET', url, 'a'), target)
  t.equal(plainTarget('OPTIONS', 'http://a', 'A'), '*')
  t.equal(plainTarget('GET', 'http://b/x', 'a'), 'http://b/x', 'what is refused is told of as it came')
  t.ok(asksGateway('OPTIONS', '*', []))
  t.ok(asksGateway('OPTIONS', '/x', ['Max-Forwards', '00']))
  t.notOk(asksGateway('OPTIONS', '/x', ['Max-Forwards', '1']))
  t.notOk(asksGateway('GET', '/x', ['Max-Forwards', '0']))
})

t.test(
  'whatever the bytes, what is taken goes on as visible ASCII behind a slash, and to nobody but Host',
  async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.webUrl(),
      fc.string({ maxLength: 40 })
    )
    fc.assert(
      fc.property(text, fc.oneof(text, fc.domain()), (url, host) => {
        if (fault(url, host) !== undefined) return true
        return (
          /^\/[\x21-\x7e]*$/.test(plainTarget('GET', url, host)) &&
          /^[\x21-\x7e]+$/.test(host) &&
          !/[/@,?#\\]/.test(host)
        )
      }),
      { numRuns: 500 }
    )
  }
)
