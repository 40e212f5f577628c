// Field lines: which are taken, which go on, and what a caller cannot take away.
// https://www.rfc-editor.org/rfc/rfc9110#section-5 and https://www.rfc-editor.org/rfc/rfc9110#section-7.6
import { lines, type Row, refused, request, seen } from './row.ts'

/** A GET with these fields, of which those arrive. */
function get(name: string, fields: readonly string[], arrive: readonly string[] = []): Row {
  return {
    name,
    sent: request('GET /x HTTP/1.1', fields),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', arrive)],
    after: 'open'
  }
}

function same(name: string, ...fields: readonly string[]): Row {
  return get(name, fields, fields)
}

const ours = 'traceparent, tracestate, x-forwarded-for, x-forwarded-proto, x-forwarded-host, via, host'

export const fields: readonly Row[] = [
  same('names keep their case, fields their order', 'x-LOWER: 1', 'A: 2', 'X-Lower: 3'),
  same('__proto__ is a name', '__proto__: polluted', 'constructor: x', 'toString: y'),
  same('bytes beyond ASCII in a value are latin1', 'X-Latin: caf\xe9 \xff\x80'),
  same('a tab within a value', 'X-A: a\tb'),
  same('names with an underscore that are nobody’s', 'X_Own: 1'),
  same('Authorization and Cookie', 'Authorization: Basic eDp5', 'Cookie: a=1', 'Cookie: b=2'),
  get('blanks around a value go', ['X-A:  \t a \t '], ['X-A: a']),
  get('an empty value stays empty', ['X-A:'], ['X-A: ']),
  refused('a folded line', request('GET /x HTTP/1.1', ['X-A: a', ' b'])),
  refused('a folded line with a tab', request('GET /x HTTP/1.1', ['X-A: a', '\tb'])),
  refused('a first line that begins with a blank', lines('GET /x HTTP/1.1', ' X-A: a', 'Host: a')),
  refused('a blank ahead of the colon', request('GET /x HTTP/1.1', ['X-A : a'])),
  refused('a line without a colon', request('GET /x HTTP/1.1', ['X-A'])),
  refused('a name of no bytes', request('GET /x HTTP/1.1', [': a'])),
  refused('a name with a blank', request('GET /x HTTP/1.1', ['X A: a'])),
  refused('a name beyond ASCII', request('GET /x HTTP/1.1', ['X-\xe9: a'])),
  refused('a name in quotes', request('GET /x HTTP/1.1', ['"X-A": a'])),
  refused('NUL in a name', request('GET /x HTTP/1.1', ['X\0A: a'])),
  refused('NUL in a value', request('GET /x HTTP/1.1', ['X-A: a\0b'])),
  refused('a control character in a value', request('GET /x HTTP/1.1', ['X-A: a\x01b'])),
  refused('DEL in a value', request('GET /x HTTP/1.1', ['X-A: a\x7fb'])),
  refused('a carriage return in a value', request('GET /x HTTP/1.1', ['X-A: a\rb'])),
  refused('a line feed alone between two fields', 'GET /x HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n'),
  refused('a carriage return alone between two fields', 'GET /x HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n'),
  refused('two carriage returns at the end of a line', 'GET /x HTTP/1.1\r\nHost: a\r\r\n\r\n'),
  refused('a header that ends in line feeds alone', 'GET /x HTTP/1.1\r\nHost: a\n\n'),
  refused('something behind the last carriage return', 'GET /x HTTP/1.1\r\nHost: a\r\n\rX'),
  refused('a header that is too large', request('GET /x HTTP/1.1', [`X-A: ${'a'.repeat(40_000)}`]), 431),
  refused(
    'more fields than anybody needs',
    request(
      'GET /x HTTP/1.1',
      Array.from({ length: 150 }, (_, i) => `X-${i}: a`)
    ),
    431
  ),

  get(
    'what Connection names ends here',
    ['Connection: X-Hop, x-other', 'X-Hop: 1', 'X-OTHER: 2', 'X-Stays: 3'],
    ['X-Stays: 3']
  ),
  get('so does what its second line names', ['Connection: keep-alive', 'connection: x-a', 'X-A: 1']),
  get('fields of one hop end here', ['Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'TE: gzip']),
  get('credentials for a proxy are not the upstream’s', ['Proxy-Authorization: Basic eDp5']),
  get('Proxy is none of a caller’s: behind CGI it would be HTTP_PROXY', [
    'Proxy: http://evil.example',
    'pRoXy: x'
  ]),
  get('Trailer crashes nobody and goes no further', ['Trailer: Host', 'Trailer: Content-Length']),
  get('h2c in the clear is not spoken by Upgrade', [
    ...['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']
  ]),
  get('nor is anything else', ['Connection: Upgrade', 'Upgrade: TLS/1.0, foo/2']),
  get('Connection with nothing but commas', ['Connection: , ,,']),
  get(
    'what a request cannot do without is not named away',
    [
      'Connection: authorization, cookie, host, content-type, cache-control',
      'Authorization: x',
      'Cookie: a=1',
      'Content-Type: b',
      'Cache-Control: c'
    ],
    ['Authorization: x', 'Cookie: a=1', 'Content-Type: b', 'Cache-Control: c']
  ),
  get('what is added here is not named away', [`Connection: ${ours}`]),
  {
    name: 'a length is not named away',
    sent: request(
      'POST /x HTTP/1.1',
      ['Connection: content-length, x-a', 'X-A: 1', 'Content-Length: 2'],
      'ab'
    ),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'ab' })],
    after: 'open'
  },
  {
    name: 'chunks are not named away',
    sent: request(
      'POST /x HTTP/1.1',
      ['Connection: transfer-encoding', 'Transfer-Encoding: chunked'],
      '1\r\na\r\n0\r\n\r\n'
    ),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'a', chunked: true })],
    after: 'open'
  },
  {
    name: 'POST with Upgrade is a POST',
    sent: request('POST /x HTTP/1.1', ['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 2'], 'ab'),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'ab' })],
    after: 'open'
  },
  {
    name: 'close is heard',
    sent: request('GET /x HTTP/1.1', ['Connection: close, x-a', 'X-A: 1']),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1')],
    after: 'closed'
  },
  {
    name: 'keep-alive is heard in HTTP/1.0',
    sent: lines('GET /x HTTP/1.0', 'Host: a', 'Connection: keep-alive'),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', [], { version: '1.0' })],
    after: 'open'
  },
  {
    name: '100-continue is answered here, and no upstream hears of it',
    sent: request('POST /x HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 2'], 'ab'),
    status: [100, 200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'ab' })],
    after: 'open'
  },
  refused(
    'another expectation',
    request('POST /x HTTP/1.1', ['Expect: tea', 'Content-Length: 2'], 'ab'),
    417
  ),
  {
    name: 'Via is added to',
    sent: request('GET /x HTTP/1.1', ['Via: 1.1 edge (a, b)', 'Via: 2 other']),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', [], { via: '1.1 edge (a, b),2 other, ' })],
    after: 'open'
  },
  {
    name: 'a few visits are no loop',
    sent: request('GET /x HTTP/1.1', [
      'Via: 1.1 tracebridge, 1.1 tracebridge (x)',
      'Via: 1.1 not-tracebridge'
    ]),
    status: [200],
    upstream: [
      seen('GET /x HTTP/1.1', [], { via: '1.1 tracebridge, 1.1 tracebridge (x),1.1 not-tracebridge, ' })
    ],
    after: 'open'
  },
  {
    name: 'eight visits are a loop',
    sent: request('GET /x HTTP/1.1', [`Via: ${Array(8).fill('1.1 tracebridge').join(', ')}`]),
    status: [508],
    upstream: [],
    after: 'open'
  },
  {
    name: 'a believed caller’s X-Forwarded-For is added to',
    sent: request('GET /x HTTP/1.1', ['X-Forwarded-For: 192.0.2.1', 'x-forwarded-for: 192.0.2.2']),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', [], { forwardedFor: '192.0.2.1,192.0.2.2, ' })],
    after: 'open'
  },
  get(
    'an underscore does not carry past what a dash would not',
    ['X_Forwarded_For: 192.0.2.1', 'VIA_: x'],
    ['VIA_: x']
  )
]
