// Where one request ends and the next begins. https://www.rfc-editor.org/rfc/rfc9112#section-6
import { lines, type Row, refused, request, seen } from './row.ts'

const inner = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

/** A POST with these lines of framing. */
function post(fields: readonly string[], body: string): string {
  return request('POST /x HTTP/1.1', fields, body)
}

const chunked = 'Transfer-Encoding: chunked'

export const framing: readonly Row[] = [
  {
    name: 'a body by length arrives',
    sent: post(['Content-Length: 5'], 'hello'),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'hello' })],
    after: 'open'
  },
  {
    name: 'a body in chunks stays in chunks',
    sent: post([chunked], '5\r\nhello\r\n0\r\n\r\n'),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'hello', chunked: true })],
    after: 'open'
  },
  {
    name: 'what looks like a request in a body is a body',
    sent: post([`Content-Length: ${inner.length}`], inner),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: inner })],
    after: 'open'
  },
  {
    name: 'what looks like a request in a chunk is a body',
    sent: post([chunked], `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: inner, chunked: true })],
    after: 'open'
  },
  {
    name: 'a GET may have a body',
    sent: request('GET /x HTTP/1.1', ['Content-Length: 4'], 'body'),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', [], { body: 'body' })],
    after: 'open'
  },
  {
    name: 'a DELETE may have one in chunks',
    sent: request('DELETE /x HTTP/1.1', [chunked], '1\r\na\r\n0\r\n\r\n'),
    status: [200],
    upstream: [seen('DELETE /x HTTP/1.1', [], { body: 'a', chunked: true })],
    after: 'open'
  },
  {
    name: 'two requests in one go are two requests',
    sent: post(['Content-Length: 1'], '1') + request('GET /2 HTTP/1.1'),
    status: [200, 200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: '1' }), seen('GET /2 HTTP/1.1')],
    after: 'open'
  },
  {
    name: 'a line end ahead of a request is passed over',
    sent: `\r\n${request('GET /x HTTP/1.1')}`,
    status: [200],
    upstream: [seen('GET /x HTTP/1.1')],
    after: 'open'
  },
  {
    name: 'chunks may be called CHUNKED',
    sent: post(['transfer-ENCODING: Chunked'], '1\r\na\r\n0\r\n\r\n'),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'a', chunked: true })],
    after: 'open'
  },
  {
    name: 'chunk extensions end here',
    sent: post([chunked], '1;a=b;c="d"\r\na\r\n0;x\r\n\r\n'),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'a', chunked: true })],
    after: 'open'
  },
  refused('length before chunks', post(['Content-Length: 4', chunked], `0\r\n\r\n${inner}`)),
  refused('chunks before length', post([chunked, 'Content-Length: 4'], `0\r\n\r\n${inner}`)),
  refused('the same length twice', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')),
  refused('two lengths', post(['Content-Length: 5', 'Content-Length: 6'], 'hello!')),
  refused('a list of lengths', post(['Content-Length: 5, 5'], 'hello')),
  refused('a length with a plus', post(['Content-Length: +5'], 'hello')),
  refused('a length below zero', post(['Content-Length: -1'], '')),
  refused('a hexadecimal length', post(['Content-Length: 0x5'], 'hello')),
  refused('a length of two numbers', post(['Content-Length: 5 5'], 'hello')),
  refused('no length', post(['Content-Length:'], '')),
  refused('a length of 2^64', post(['Content-Length: 18446744073709551616'], '')),
  refused('a length that is no number', post(['Content-Length: five'], 'hello')),
  refused('a length with a fraction', post(['Content-Length: 5.0'], 'hello')),
  refused('a length behind a blank name', post(['Content-Length : 5'], 'hello')),
  refused('chunks behind a blank name', post(['Transfer-Encoding : chunked'], '0\r\n\r\n')),
  refused('chunks behind a tab', post(['Transfer-Encoding\t: chunked'], '0\r\n\r\n')),
  refused('chunks behind a vertical tab', post(['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n')),
  refused(
    'chunks as the last of two codings',
    post(['Transfer-Encoding: identity, chunked'], '0\r\n\r\n'),
    501
  ),
  refused('chunks as the first of two codings', post(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n')),
  refused('a coding that is unknown', post(['Transfer-Encoding: xchunked'], '0\r\n\r\n'), 501),
  refused('gzip in chunks', post(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'), 501),
  refused('chunks in quotes', post(['Transfer-Encoding: "chunked"'], '0\r\n\r\n'), 501),
  refused('chunks of chunks', post(['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n')),
  refused('no coding', post(['Transfer-Encoding:'], '0\r\n\r\n')),
  refused('two codings on two lines', post([chunked, 'Transfer-Encoding: identity'], '0\r\n\r\n')),
  refused('chunks on two lines', post([chunked, chunked], '0\r\n\r\n')),
  refused('identity beside a length', post(['Transfer-Encoding: identity', 'Content-Length: 5'], 'hello')),
  refused('chunks on a folded line', post(['Transfer-Encoding:', ' chunked'], '0\r\n\r\n')),
  refused('chunks with a comma behind', post(['Transfer-Encoding: chunked,'], '0\r\n\r\n'), 400),
  refused('chunks in HTTP/1.0', `${lines('POST /x HTTP/1.0', 'Host: a', chunked)}0\r\n\r\n`),
  refused(
    'gzip in HTTP/1.0',
    `${lines('POST /x HTTP/1.0', 'Host: a', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`
  ),
  refused('a chunk size that is none', post([chunked], 'x\r\na\r\n0\r\n\r\n')),
  refused('a chunk size with 0x', post([chunked], '0x1\r\na\r\n0\r\n\r\n')),
  refused('a chunk size below zero', post([chunked], '-1\r\na\r\n0\r\n\r\n')),
  refused('a chunk size beyond all', post([chunked], 'fffffffffffffffff\r\na\r\n0\r\n\r\n')),
  refused('a chunk size with a blank behind', post([chunked], '1 \r\na\r\n0\r\n\r\n')),
  refused('a chunk size with a line feed alone', post([chunked], '1\na\r\n0\r\n\r\n')),
  refused('a chunk longer than its size', post([chunked], '1\r\nab\r\n0\r\n\r\n')),
  refused('a chunk that ends in a line feed alone', post([chunked], '1\r\na\n0\r\n\r\n')),
  refused('a chunk that ends in a carriage return alone', post([chunked], '1\r\na\r0\r\n\r\n')),
  refused('a line feed in a chunk extension', post([chunked], '1;a\nb\r\na\r\n0\r\n\r\n')),
  refused('a length among trailers', post([chunked], '0\r\nContent-Length: 5\r\n\r\n')),
  refused('a coding among trailers', post([chunked], '0\r\nTransfer-Encoding: chunked\r\n\r\n')),
  {
    name: 'a body that ends before its length reaches nobody whole',
    sent: post(['Content-Length: 10'], 'hello'),
    ends: true,
    status: [],
    upstream: [],
    after: 'closed'
  },
  {
    name: 'a body that ends within a chunk reaches nobody whole',
    sent: post([chunked], '5\r\nhel'),
    ends: true,
    status: [],
    upstream: [],
    after: 'closed'
  },
  {
    name: 'a header that does not end is no request',
    sent: 'GET /x HTTP/1.1\r\nHost: a\r\n',
    ends: true,
    status: [400],
    upstream: [],
    after: 'closed'
  },
  {
    name: 'rubbish behind a request does not take its answer away',
    sent: `${request('GET /x HTTP/1.1')}rubbish\r\n\r\n`,
    status: [200],
    upstream: [seen('GET /x HTTP/1.1')],
    after: 'closed'
  },
  {
    name: 'what follows Connection: close is no request, and the answer comes',
    sent: request('GET /x HTTP/1.1', ['Connection: close']) + request('GET /2 HTTP/1.1'),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1')],
    after: 'closed'
  },
  {
    name: 'a body that is longer than its length begins a request, and that one is refused',
    sent: post(['Content-Length: 1'], 'ab'),
    status: [200],
    upstream: [seen('POST /x HTTP/1.1', [], { body: 'a' })],
    after: 'closed'
  }
]
