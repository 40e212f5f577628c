// What upstreams answer, and what callers get of it. https://www.rfc-editor.org/rfc/rfc9112#section-6.3
import { type AnswerRow, lines } from './row.ts'

const kept = ['Connection: keep-alive', 'Keep-Alive: K']
const dated = ['Date: D', ...kept]
const length = 'Content-Length: 2'

/** 502 from the gateway, the connection to the caller unharmed. */
function invalid(name: string, answer: string, ends = false): AnswerRow {
  return { name, answer, ends, got: /^HTTP\/1\.1 502 Bad Gateway\r\n/, after: 'open', reused: false }
}

/** An answer that has begun and cannot be ended well. */
function broken(name: string, answer: string, ends = false): AnswerRow {
  return { name, answer, ends, got: /^HTTP\/1\.1 200 OK\r\n/, after: 'closed', reused: false }
}

function ok(...fields: readonly string[]): string {
  return lines('HTTP/1.1 200 OK', ...fields)
}

export const answers: readonly AnswerRow[] = [
  {
    name: 'by length',
    answer: `${ok(length)}ok`,
    got: `${ok(length, ...dated)}ok`,
    after: 'open',
    reused: true
  },
  {
    name: 'in chunks',
    answer: `${ok('Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    got: `${ok(...dated, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    after: 'open',
    reused: true
  },
  {
    name: 'to the end of the connection',
    answer: `${ok()}ok`,
    ends: true,
    got: `${ok(...dated, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    after: 'open',
    reused: false
  },
  {
    name: 'without a body',
    answer: ok('Content-Length: 0'),
    got: ok('Content-Length: 0', ...dated),
    after: 'open',
    reused: true
  },
  {
    name: 'names, order, repeats and bytes beyond ASCII stay',
    answer: `${ok('set-cookie: a=1', 'X-B: caf\xe9', 'Set-Cookie: b=2', length)}ok`,
    got: `${ok('set-cookie: a=1', 'X-B: caf\xe9', 'Set-Cookie: b=2', length, ...dated)}ok`,
    after: 'open'
  },
  {
    name: '__proto__ is a name',
    answer: `${ok('__proto__: x', length)}ok`,
    got: `${ok('__proto__: x', length, ...dated)}ok`,
    after: 'open'
  },
  {
    name: 'fields of one hop end here',
    answer: `${ok('Connection: X-Hop, keep-alive', 'X-Hop: 1', 'Proxy-Authenticate: Basic', 'Upgrade: h2c', 'Alt-Svc: clear', length)}ok`,
    got: `${ok('Alt-Svc: clear', length, ...dated)}ok`,
    after: 'open'
  },
  {
    name: 'a length is not named away, nor a cookie',
    answer: `${ok('Connection: content-length, set-cookie, content-type', 'Set-Cookie: a', 'Content-Type: b', length)}ok`,
    got: `${ok('Set-Cookie: a', 'Content-Type: b', length, ...dated)}ok`,
    after: 'open'
  },
  {
    name: 'close is of that connection alone',
    answer: `${ok('Connection: close', length)}ok`,
    got: `${ok(length, ...dated)}ok`,
    after: 'open',
    reused: false
  },
  {
    name: '204 has no length to the caller',
    answer: lines('HTTP/1.1 204 No Content', 'Content-Length: 0', 'X-A: 1'),
    got: lines('HTTP/1.1 204 No Content', 'X-A: 1', ...dated),
    after: 'open'
  },
  {
    name: '204 with a body is 204, and the body nobody’s answer',
    answer: `${lines('HTTP/1.1 204 No Content', length)}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`,
    got: lines('HTTP/1.1 204 No Content', ...dated),
    after: 'open',
    reused: false
  },
  {
    name: '304 keeps the length of what it stands for',
    answer: lines('HTTP/1.1 304 Not Modified', 'Content-Length: 1234', 'ETag: "a"'),
    got: lines('HTTP/1.1 304 Not Modified', 'Content-Length: 1234', 'ETag: "a"', ...dated),
    after: 'open'
  },
  {
    name: 'HEAD keeps the length of what it stands for',
    method: 'HEAD',
    answer: ok('Content-Length: 1234'),
    got: ok('Content-Length: 1234', ...dated),
    after: 'open'
  },
  {
    name: 'a body to HEAD is nobody’s answer',
    method: 'HEAD',
    answer: `${ok('Content-Length: 6')}poison`,
    got: ok('Content-Length: 6', ...dated),
    after: 'open',
    reused: false
  },
  {
    name: 'a second answer is nobody’s',
    answer: `${ok(length)}okHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`,
    got: `${ok(length, ...dated)}ok`,
    after: 'open',
    reused: false
  },
  {
    name: 'a status that nobody has defined',
    answer: lines('HTTP/1.1 599 Own', 'Content-Length: 0'),
    got: lines('HTTP/1.1 599 Own', 'Content-Length: 0', ...dated),
    after: 'open'
  },
  {
    name: 'a reason of no bytes',
    answer: lines('HTTP/1.1 200 ', 'Content-Length: 0'),
    got: lines('HTTP/1.1 200 ', 'Content-Length: 0', ...dated),
    after: 'open'
  },
  invalid('HTTP/2.0 in lines', `${lines('HTTP/2.0 200 OK', length)}ok`),
  invalid('HTTP/0.9 with a header', `${lines('HTTP/0.9 200 OK', length)}ok`),
  {
    name: 'HTTP/1.0 of an upstream is 1.1 to the caller',
    answer: `${lines('HTTP/1.0 200 OK', length)}ok`,
    got: `${ok(length, ...dated)}ok`,
    after: 'open',
    reused: false
  },
  {
    name: 'no chunks for HTTP/1.0',
    version: '1.0',
    answer: `${ok('Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    got: `${ok('Date: D', 'Connection: close')}ok`,
    after: 'closed'
  },
  {
    name: 'nor where it says that it takes them',
    version: '1.0',
    fields: ['TE: chunked, trailers'],
    answer: `${ok('Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    got: `${ok('Date: D', 'Connection: close')}ok`,
    after: 'closed'
  },
  {
    name: '102 is nobody’s business',
    answer: `${lines('HTTP/1.1 102 Processing')}${ok(length)}ok`,
    got: `${ok(length, ...dated)}ok`,
    after: 'open'
  },
  invalid('a status of 099', `${lines('HTTP/1.1 099 Low', length)}ok`),
  invalid('a status of 000', `${lines('HTTP/1.1 000 None', length)}ok`),
  invalid('a status of 600', `${lines('HTTP/1.1 600 High', length)}ok`),
  invalid('a status of 999', `${lines('HTTP/1.1 999 Odd', length)}ok`),
  invalid('a status of two digits', `${lines('HTTP/1.1 20 OK', length)}ok`),
  invalid('a status of four digits', `${lines('HTTP/1.1 2000 OK', length)}ok`),
  invalid('a status that is a word', `${lines('HTTP/1.1 abc OK', length)}ok`),
  {
    name: '100 that nobody asked for is passed over',
    answer: `${lines('HTTP/1.1 100 Continue')}${ok(length)}ok`,
    got: `${ok(length, ...dated)}ok`,
    after: 'open',
    reused: true
  },
  invalid(
    '101 that nobody asked for',
    lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket')
  ),
  invalid('length and chunks', `${ok(length, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`),
  invalid('chunks and length', `${ok('Transfer-Encoding: chunked', length)}2\r\nok\r\n0\r\n\r\n`),
  invalid('two lengths', `${ok(length, 'Content-Length: 3')}ok!`),
  invalid('a list of lengths', `${ok('Content-Length: 2, 2')}ok`),
  invalid('a length below zero', `${ok('Content-Length: -2')}ok`),
  invalid('a length with a plus', `${ok('Content-Length: +2')}ok`),
  invalid('gzip in chunks', `${ok('Transfer-Encoding: gzip, chunked')}2\r\nok\r\n0\r\n\r\n`),
  invalid('gzip to the end', `${ok('Transfer-Encoding: gzip')}ok`, true),
  invalid('identity', `${ok('Transfer-Encoding: identity', length)}ok`, true),
  invalid('chunks behind a vertical tab', `${ok('Transfer-Encoding: \x0bchunked')}2\r\nok\r\n0\r\n\r\n`),
  invalid('a folded line', `${ok('X-A: a', ' b', length)}ok`),
  invalid('a line feed alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'),
  invalid('a blank ahead of a colon', `${ok('Content-Length : 2')}ok`),
  invalid('NUL in a value', `${ok('X-A: a\0b', length)}ok`),
  invalid('a carriage return in a value', `${ok('X-A: a\rSet-Cookie: b', length)}ok`),
  invalid('a name with a blank', `${ok('X A: a', length)}ok`),
  invalid('a line without a colon', `${ok('nothing', length)}ok`),
  invalid('another protocol', `${lines('ICY 200 OK', length)}ok`),
  invalid('a version of its own', `${lines('HTTP/4.2 200 OK', length)}ok`),
  invalid('a greeting', '220 mail.example ESMTP\r\n'),
  invalid('nothing', '', true),
  invalid('half a status line', 'HTTP/1.1 20', true),
  invalid('half a header', 'HTTP/1.1 200 OK\r\nContent-Le', true),
  invalid('a header that is too large', `${ok(`X-A: ${'a'.repeat(100_000)}`, length)}ok`),
  broken('a body that ends before its length', `${ok('Content-Length: 10')}ok`, true),
  broken('a body that ends within a chunk', `${ok('Transfer-Encoding: chunked')}a\r\nok`, true),
  broken('a body without its last chunk', `${ok('Transfer-Encoding: chunked')}2\r\nok\r\n`, true),
  invalid('a chunk size that is none', `${ok('Transfer-Encoding: chunked')}2\r\nok\r\nx\r\n`),
  invalid('a chunk longer than its size', `${ok('Transfer-Encoding: chunked')}2\r\nok!\r\n0\r\n\r\n`)
]
