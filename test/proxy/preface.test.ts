// HTTP/2 is told from HTTP/1 by its first bytes, however few come at a time.
import t from 'tap'
import { protocolOf } from '../../src/proxy/preface.ts'

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

t.test('the whole preface is HTTP/2, whatever follows it', async t => {
  t.equal(protocolOf(Buffer.from(preface)), 'h2')
  t.equal(protocolOf(Buffer.from(`${preface}\0\0\0`)), 'h2')
})

t.test('each of its beginnings leaves it open', async t => {
  for (let length = 1; length < preface.length; length++) {
    t.equal(protocolOf(Buffer.from(preface.slice(0, length))), undefined, `${length} bytes`)
  }
})

t.test('all else is for the parser of HTTP/1', async t => {
  for (const text of ['GET / HTTP/1.1\r\n', 'P0', 'PRI * HTTP/1.1\r\n', '\r\n', '\0']) {
    t.equal(protocolOf(Buffer.from(text)), 'http1', JSON.stringify(text))
  }
})
