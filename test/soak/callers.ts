// Callers of every kind: who keeps connections, who goes away, who is slow, who sends nonsense. All go on until they
// are told to stop.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'

export type Callers = {
  readonly counts: Map<string, number>
  /** Resolves when the last one is gone. */
  readonly stop: () => Promise<void>
}

const paths = [
  '/ok',
  '/slow',
  '/large',
  '/fickle',
  '/down',
  '/reset',
  '/cut',
  '/nonsense',
  '/error',
  '/nowhere'
]

const traces: readonly Record<string, string>[] = [
  { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  { b3: `${'c'.repeat(32)}-${'d'.repeat(16)}-d`, baggage: 'tenant=7,plan=gold' },
  { 'uber-trace-id': 'nonsense' },
  {}
]

const nonsense = [
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  'NONSENSE\r\n\r\n',
  `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  '\u0016\u0003\u0001'
]

export function startCallers(port: number): Callers {
  const counts = new Map<string, number>()
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 8 })
  let stopped = false
  let turn = 0

  async function keep(): Promise<void> {
    const path = paths[turn % paths.length] ?? '/'
    const headers = traces[turn % traces.length] ?? {}
    const post = turn++ % 3 === 0
    const body = post ? 'x'.repeat(turn % 20_000) : null
    const answer = await pool.request({ method: post ? 'POST' : 'GET', path, headers, body })
    await answer.body.dump({ limit: 1e6 })
    count(`${answer.statusCode}`)
  }

  async function withSocket(use: (socket: Socket) => Promise<void>): Promise<void> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    try {
      await once(socket, 'connect')
      await use(socket)
    } finally {
      socket.destroy()
    }
  }

  const abort = () =>
    withSocket(async socket => {
      const path = ['/slow', '/silent', '/large'][turn++ % 3]
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await sleep(turn % 40)
      if (turn % 2 === 0) socket.resetAndDestroy()
      count('went away')
    })
  const dawdle = () =>
    withSocket(async socket => {
      const text = `POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n01234567`
      for (const byte of text) {
        socket.write(byte)
        await sleep(5)
      }
      await Promise.race([once(socket, 'data'), sleep(500)])
      count('wrote slowly')
    })
  const sip = () =>
    withSocket(async socket => {
      socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n')
      for (let i = 0; i < 10; i++) {
        socket.read(4096)
        await sleep(20)
      }
      count('read slowly')
    })
  const babble = () =>
    withSocket(async socket => {
      socket.resume()
      socket.write(nonsense[turn++ % nonsense.length] ?? '')
      await Promise.race([once(socket, 'close'), sleep(200)])
      count('nonsense')
    })
  const early = () =>
    withSocket(async socket => {
      socket.resume()
      socket.write('POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
      await sleep(50)
      count('never ended a body')
    })

  async function forever(call: () => Promise<void>, pause: number): Promise<void> {
    while (!stopped) {
      await call().catch(() => count('connection lost'))
      // A soak is long, not hard: it leaves the machine some air.
      await sleep(pause)
    }
  }
  const all = Promise.all([
    ...Array.from({ length: 8 }, () => forever(keep, 10)),
    ...[abort, abort, dawdle, sip, babble, early].map(call => forever(call, 10))
  ])
  return {
    counts,
    stop: async () => {
      stopped = true
      await all
      await pool.destroy()
    }
  }
}
