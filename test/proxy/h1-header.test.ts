import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { headerOf } from '../../src/proxy/h1-header.ts'
import type { Sent } from '../../src/proxy/recipient.ts'
import { nothingStripped } from '../recipient.ts'

const sent = (more: Partial<Sent>): Sent => ({
  method: 'GET',
  path: '/',
  fields: ['Host', 'a'],
  body: null,
  strip: nothingStripped,
  ...more
})

const text = (more: Partial<Sent>): string => {
  const header = headerOf(sent(more), 'origin:80')
  return header instanceof Error ? header.name : header.text
}

const body = Readable.from([])

t.test('fields go out as they are given, each line as it was', async t => {
  const fields = ['hOSt', 'a', 'X-A', '', 'x-a', 'b, c', 'X-L', 'caf\xe9']
  t.equal(
    text({ path: '/x?y', fields }),
    'GET /x?y HTTP/1.1\r\nhOSt: a\r\nX-A: \r\nx-a: b, c\r\nX-L: caf\xe9\r\nConnection: keep-alive\r\n\r\n'
  )
  t.match(text({ fields: [] }), '\r\nHost: origin:80\r\n', 'a request without Host goes to the target')
})

t.test('a body goes by its length or in chunks, and what may have one says 0 without', async t => {
  const framing = (more: Partial<Sent>) => {
    const header = headerOf(sent(more), 'a')
    return header instanceof Error ? header : header.framing
  }
  t.equal(framing({ method: 'POST', body, fields: ['Host', 'a', 'content-length', '12'] }), 12)
  t.equal(framing({ method: 'POST', body }), 'chunked')
  t.match(text({ method: 'POST', body }), 'Transfer-Encoding: chunked\r\n\r\n')
  t.equal(framing({ method: 'POST' }), 'none')
  t.match(text({ method: 'POST' }), 'Content-Length: 0\r\n\r\n')
  const zero = text({ method: 'POST', fields: ['Host', 'a', 'Content-Length', '0'] })
  t.equal(zero.split('Content-Length: 0').length, 2, 'once')
  t.notMatch(
    text({ fields: ['Host', 'a', 'Content-Length', '0'] }),
    'Length',
    'a GET without a body says nothing'
  )
})

t.test('what would be read as another request is never written', async t => {
  for (const more of [
    { method: 'G T' },
    { method: '' },
    { path: '/a b' },
    { path: '/a\r\nX: y' },
    { path: '' },
    { fields: ['Host', 'a', 'X A', 'b'] },
    { fields: ['Host', 'a', '', 'b'] },
    { fields: ['Host', 'a', 'X-A', 'b\r\nX-B: c'] },
    { fields: ['Host', 'a', 'X-A', 'b\0'] },
    { fields: ['Host', 'a', 'X-A', '\u0100'] },
    { fields: ['Host', 'a', 'host', 'b'] },
    { fields: ['Host', 'a', 'Transfer-Encoding', 'chunked'] },
    { fields: ['Host', 'a', 'Content-Length', '1', 'Content-Length', '1'], body },
    { fields: ['Host', 'a', 'Content-Length', '-1'], body },
    { fields: ['Host', 'a', 'Content-Length', '1, 1'], body }
  ]) {
    t.equal(text(more), 'InvalidArgumentError', JSON.stringify(more.fields ?? more))
  }
})

t.test('whatever it is given, it writes so many lines as it was given, or nothing', async () => {
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('X-A', 'b', '\r\n', '\n', ' ', 'Host'))
  fc.assert(
    fc.property(part, part, fc.array(fc.tuple(part, part), { maxLength: 4 }), (method, path, fields) => {
      const header = headerOf(sent({ method, path, fields: ['Host', 'a', ...fields.flat()] }), 'a')
      if (header instanceof Error) return true
      const lines = header.text.split(/[\r\n]+/)
      // The request line, Host, those, Connection, the empty one; a length of 0 comes or goes by the method.
      return Math.abs(lines.length - (fields.length + 4)) <= 1 && header.text.endsWith('\r\n\r\n')
    })
  )
})
