// A process of the bench: the upstream of every contender, and the collector of their spans. It reads of a request no
// more than where it ends, over bare connections, so that it is never what a contender waits for.
//   /orders/N   N bytes, but 100 for 42
//   /events/N   N server-sent events, each written by itself
import { createServer as createCollector } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { listen } from './listen.ts'
import { event } from './loads.ts'

const answers = new Map<string, Buffer>()

function answerOf(path: string): Buffer {
  const known = answers.get(path)
  if (known !== undefined) return known
  const asked = Number(/^\/orders\/(\d+)$/.exec(path)?.[1] ?? 0)
  const size = asked === 42 ? 100 : asked
  const [begin, close] = ['{"id":1,"text":"', '"}']
  const body = begin + 'x'.repeat(Math.max(0, size - begin.length - close.length)) + close
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const made = Buffer.from(head + body, 'latin1')
  answers.set(path, made)
  return made
}

const eventsHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n'
const text = `data: {"text":"${'x'.repeat(event.bytes)}`.slice(0, event.bytes - 4)
const oneEvent = Buffer.from(`${event.bytes.toString(16)}\r\n${text}"}\n\n\r\n`, 'latin1')

function sendEvents(socket: Socket, count: number): void {
  socket.write(eventsHead)
  let sent = 0
  const next = () => {
    if (socket.destroyed) return
    if (sent++ === count) socket.write('0\r\n\r\n')
    // One of each stream a turn, and none ahead of who reads slowly.
    else if (socket.write(oneEvent)) setImmediate(next)
    else socket.once('drain', next)
  }
  next()
}

const upstream = createServer(socket => {
  let head = ''
  let body = 0
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', piece => {
    let at = 0
    while (at < piece.length) {
      if (!head.endsWith('\r\n\r\n')) {
        const before = head.length
        head += piece.toString('latin1', at)
        const stop = head.indexOf('\r\n\r\n')
        if (stop === -1) return
        head = head.slice(0, stop + 4)
        at += head.length - before
        body = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? 0)
      }
      const taken = Math.min(body, piece.length - at)
      body -= taken
      at += taken
      if (body > 0) return
      const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'))
      head = ''
      const events = /^\/events\/(\d+)$/.exec(path)
      if (events === null) socket.write(answerOf(path))
      else sendEvents(socket, Number(events[1]))
    }
  })
})

const collector = createCollector((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 0 })
    response.end()
  })
})

process.send?.({ upstream: await listen(upstream), collector: await listen(collector) })
process.on('disconnect', () => process.exit())
