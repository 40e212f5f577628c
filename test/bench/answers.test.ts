import t from 'tap'
import { createAnswerReader } from './answers.ts'

const small = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const chunked =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n'

/** In pieces of so many bytes. */
function readAll(bytes: string, size: number) {
  const read = createAnswerReader()
  const found = []
  for (let at = 0; at < bytes.length; at += size) {
    const answer = read(Buffer.from(bytes.slice(at, at + size), 'latin1'))
    if (answer !== undefined) found.push(answer)
  }
  return found
}

t.test('an answer ends where it says, however it is cut', async t => {
  for (const size of [1, 2, 3, 7, 1000]) {
    t.strictSame(readAll(small, size), [{ status: 200, bytes: 5, last: false }], `${size}`)
    t.strictSame(readAll(chunked, size), [{ status: 200, bytes: 13, last: false }], `chunked, ${size}`)
  }
})

t.test('one answer follows another on a connection', async t => {
  const read = createAnswerReader()
  for (const bytes of [small, chunked, small]) t.equal(read(Buffer.from(bytes, 'latin1'))?.status, 200)
})

t.test('an answer without a body has none', async t => {
  t.strictSame(readAll('HTTP/1.1 204 No Content\r\n\r\n', 1), [{ status: 204, bytes: 0, last: false }])
  t.strictSame(readAll('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nConnection: close\r\n\r\n', 9), [
    { status: 502, bytes: 0, last: true }
  ])
})

t.test('what is no answer, or has no end, is refused', async t => {
  t.throws(() => readAll('SSH-2.0\r\n\r\n', 100), { message: 'no answer' })
  t.throws(() => readAll('HTTP/1.1 200 OK\r\n\r\nhello', 100), { message: 'an answer without an end' })
  t.throws(() => readAll(`${small}more`, 100), { message: 'more than was asked for' })
})
