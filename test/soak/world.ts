// What is around the gateway in a soak: an upstream that misbehaves by path, one that comes and goes, and a collector
// that cannot be relied on.
import { createServer, type Server, type ServerResponse } from 'node:http'
import { listenOn } from '../../src/listen.ts'

export type World = {
  readonly steady: number
  readonly fickle: number
  readonly collector: number
  readonly close: () => void
}

const large = Buffer.alloc(256 * 1024, 'x')

type Behave = (response: ServerResponse) => void

const behaviours: ReadonlyMap<string, Behave> = new Map<string, Behave>([
  ['/slow', response => void setTimeout(() => response.end('slowly'), 100)],
  ['/large', response => void response.end(large)],
  ['/reset', response => void response.socket?.resetAndDestroy()],
  ['/cut', response => void response.write('half of it', () => response.socket?.destroy())],
  ['/silent', () => {}],
  ['/nonsense', response => void response.socket?.end('this is not HTTP\r\n\r\n')],
  ['/early', response => void response.writeHead(413).end('too much')],
  ['/error', response => void response.writeHead(500).end('sorry')]
])

export async function startWorld(): Promise<World> {
  const steady = createServer((request, response) => {
    const behave = behaviours.get(request.url ?? '')
    if (behave !== undefined) return behave(response)
    request.resume().on('end', () => response.end('ok'))
  })
  const steadyPort = await listenOn(steady, '127.0.0.1', 0)

  let fickle: Server | undefined
  const rise = async (port: number) => {
    fickle = createServer((_, response) => response.end('here'))
    return listenOn(fickle, '127.0.0.1', port)
  }
  const ficklePort = await rise(0)
  const coming = setInterval(() => {
    if (fickle === undefined) return void rise(ficklePort).catch(() => {})
    fickle.close()
    fickle.closeAllConnections()
    fickle = undefined
  }, 2000)

  let posts = 0
  const collector = createServer((request, response) => {
    const mood = Math.floor(posts++ / 5) % 4
    request.resume()
    if (mood === 1) request.socket.destroy()
    else if (mood === 2) response.writeHead(503, { 'retry-after': '1' }).end()
    else if (mood === 3) setTimeout(() => response.end(), 3000)
    else response.end()
  })
  const collectorPort = await listenOn(collector, '127.0.0.1', 0)
  return {
    steady: steadyPort,
    fickle: ficklePort,
    collector: collectorPort,
    close: () => {
      clearInterval(coming)
      for (const server of [steady, fickle, collector]) {
        server?.close()
        server?.closeAllConnections()
      }
    }
  }
}
