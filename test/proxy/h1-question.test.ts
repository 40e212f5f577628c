import { createServer } from 'node:http'
import t from 'tap'
import { Request } from '../../src/proxy/h1-question.ts'
import { connectRaw } from '../raw.ts'
import { serveFor } from '../served.ts'

t.test('node:http finds framing and Expect in the header of a request, and nothing else', async t => {
  const seen: unknown[] = []
  const server = createServer({ IncomingMessage: Request, requireHostHeader: false }, (request, response) => {
    seen.push({ ...request.headers })
    request.resume().on('end', () => response.end())
  })
  server.on('checkContinue', (request, response) => {
    seen.push({ ...request.headers })
    response.writeHead(200, { 'content-length': 0 }).end()
  })
  const client = await connectRaw(t, await serveFor(t, server))
  client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\nCookie: a=b\r\n\r\n')
  await client.answer()
  client.send('POST / HTTP/1.1\r\nHost: a\r\nCONTENT-length: 2\r\n\r\nok')
  await client.answer(1)
  client.send('POST / HTTP/1.1\r\nHost: a\r\ntransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
  await client.answer(2)
  client.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n'
  )
  await client.answer(3)
  t.strictSame(seen, [
    {},
    { 'content-length': '2' },
    { 'transfer-encoding': 'chunked' },
    { 'content-length': '2', expect: '100-continue' }
  ])
})
