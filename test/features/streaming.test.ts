// Bodies flow through: whoever reads slowly slows down whoever writes, and nothing piles up in between.
import { createServer, type RequestListener } from 'node:http'
import type { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { connectRaw } from '../raw.ts'
import { run } from '../running.ts'
import { serveFor } from '../served.ts'
import { until } from '../until.ts'

const size = 64 * 1024 * 1024
const piece = Buffer.alloc(64 * 1024, 'tracebridge')
/** What the kernel may hold for two connections, and the streams of both ends; far less than the whole. */
const held = 32 * 1024 * 1024

async function behind(t: Test, answer: RequestListener, more = ''): Promise<number> {
  const server = createServer(answer)
  const originPort = await serveFor(t, server)
  const { port } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "http://127.0.0.1:${originPort}" }]${more} } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return port
}

/** Writes `size` bytes as fast as they are taken; says how many were. */
function pour(into: Writable, done: () => void): () => number {
  let written = 0
  const pump = () => {
    while (written < size) {
      written += piece.length
      if (!into.write(piece)) return
    }
    done()
  }
  into.on('drain', pump)
  pump()
  return () => written
}

/** Resolves when a number has stopped growing: in turns of the loop, for it may stand still as well. */
async function still(of: () => number): Promise<number> {
  let before = 0
  let times = 0
  await until(() => {
    times = of() === before && before > 0 ? times + 1 : 0
    before = of()
    return times === 50
  }, 'it stalls')
  return before
}

t.test('a caller that reads slowly pauses the upstream, and gets all of it in the end', async t => {
  let written = () => 0
  const port = await behind(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': size })
    written = pour(response, () => response.end())
  })
  const client = await connectRaw(t, port)
  // Counted here: keeping 64 MiB is what this is not about.
  client.socket.removeAllListeners('data')
  client.socket.pause()
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const before = process.memoryUsage().arrayBuffers
  const stalled = await still(() => written())
  t.ok(stalled < held, `${stalled} bytes went before it stalled`)
  t.ok(process.memoryUsage().arrayBuffers - before < held / 2, 'and the process does not hold them')
  let received = 0
  client.socket.on('data', chunk => {
    received += chunk.length
  })
  client.socket.resume()
  await until(() => received > size, 'all of it arrives')
  t.equal(written(), size)
})

t.test('an upstream that reads slowly pauses the caller, and gets all of it in the end', async t => {
  let begin: (() => void) | undefined
  let received = 0
  const port = await behind(t, (request, response) => {
    begin = () => {
      request.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      request.on('end', () => response.end('done'))
    }
  })
  const client = await connectRaw(t, port)
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
  const written = pour(client.socket, () => {})
  await until(() => begin !== undefined, 'it has arrived')
  const stalled = await still(written)
  t.ok(stalled < held, `${stalled} bytes went before it stalled`)
  begin?.()
  t.match((await client.answer()).start, 'HTTP/1.1 200 OK')
  t.equal(received, size)
})

t.test('each piece of an answer is there as soon as the upstream has sent it', async t => {
  let send = (_: string) => {}
  const port = await behind(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
    send = text => void response.write(text)
  })
  const client = await connectRaw(t, port)
  client.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => client.text().includes('\r\n\r\n'), 'the header comes ahead of any body')
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send(event)
    await until(() => client.text().includes(event), event)
  }
  t.pass()
})

t.test('question and answer may flow at the same time', async t => {
  const port = await behind(t, (request, response) => {
    response.writeHead(200)
    request.on('data', (chunk: Buffer) => response.write(`<${chunk}>`))
    request.on('end', () => response.end())
  })
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
  await until(() => client.text().includes('<one>'), 'the answer to the first half')
  client.send('3\r\ntwo\r\n')
  await until(() => client.text().includes('<two>'), 'the answer to the second half')
  client.send('0\r\n\r\n')
  t.equal((await client.answer()).body.toString(), '<one><two>')
})

t.test('where events come, silence is nothing unusual; elsewhere it is the end', async t => {
  const answers = new Map<string, () => void>()
  const port = await behind(
    t,
    (request, response) => {
      const type = request.url === '/events' ? 'text/event-stream; charset=utf-8' : 'text/plain'
      response.writeHead(200, { 'Content-Type': type })
      response.write('data: 1\n\n')
      answers.set(request.url ?? '', () => response.end('data: 2\n\n'))
    },
    ', timeouts: { idle: 300ms }'
  )
  const [events, file] = await Promise.all([connectRaw(t, port), connectRaw(t, port)])
  events.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')
  file.send('GET /file HTTP/1.1\r\nHost: a\r\n\r\n')
  await file.over
  t.notMatch(file.text(), /\r\n0\r\n\r\n$/, 'cut')
  // As long again.
  await new Promise(resolve => setTimeout(resolve, 400))
  answers.get('/events')?.()
  t.match((await events.answer()).body.toString(), 'data: 2')
})
