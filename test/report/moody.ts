// A back end that misbehaves as told, over real sockets, and gets well again on the same port.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { listens } from '../mortal.ts'
import { decodeRequest, encodePartialSuccess } from '../receiver.ts'
import { until } from '../until.ts'

/** Longer than a pipeline of these tests waits for an answer. */
export const slowMs = 150
export const timeoutMs = 100

type Answer = (response: ServerResponse, spans: number) => void | Promise<void>

/** What each does with a request. None of `silent` answers; a batch that another answers with 200 is taken. */
const answers = {
  healthy: response => void response.writeHead(200).end(),
  'black hole': () => {},
  refusing: () => {},
  slow: async response => {
    await sleep(slowMs)
    response.writeHead(200).end()
  },
  storming: response => void response.writeHead(429, { 'retry-after': '1' }).end(),
  overloaded: response => void response.writeHead(503).end('<html>503 Service Temporarily Unavailable'),
  'half accepting': (response, spans) =>
    void response.writeHead(200).end(encodePartialSuccess(Math.ceil(spans / 2), 'quota')),
  'wrong path': response => void response.writeHead(404).end(),
  junk: response => void response.writeHead(200).end(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f])),
  endless: response => void response.writeHead(200).end(Buffer.alloc(1_000_000, 0xff)),
  'cut short': response => {
    response.writeHead(200, { 'content-length': 100 }).flushHeaders()
    response.write('x', () => response.destroy())
  },
  'not HTTP': response =>
    void response.socket?.end(Buffer.from('\x15\x03\x01\x00\x02\x02\x50\0\0\r\n\r\n', 'latin1')),
  'huge head': response => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`),
  reset: response => void response.socket?.resetAndDestroy()
} satisfies Readonly<Record<string, Answer>>

export type Mood = keyof typeof answers

export const moods = Object.keys(answers).filter((mood): mood is Mood => mood !== 'healthy')

export type Moody = {
  readonly url: string
  readonly become: (mood: Mood) => Promise<void>
  /** Ids of all spans that came, whatever was answered. */
  readonly seen: ReadonlySet<string>
  /** Requests and connections that met the present mood. */
  readonly met: () => number
}

export async function startMoody(t: Test): Promise<Moody> {
  const seen = new Set<string>()
  let mood: Mood = 'healthy'
  let met = 0
  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    const spans = decodeRequest(await bodyOf(request))
    for (const span of spans) seen.add(span.spanId)
    met++
    const answer: Answer = answers[mood]
    await answer(response, spans.length)
  })
  // Not port 0: between "refusing" and the recovery nobody may be handed the port, so it is none of those handed out.
  let port = 0
  const listen = async () => {
    await until(async () => {
      const wanted = port === 0 ? 20_000 + Math.floor(Math.random() * 10_000) : port
      const free = await listens(server, wanted)
      if (free) port = wanted
      return free
    }, 'its port is free')
  }
  const close = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  await listen()
  t.teardown(close)
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    seen,
    met: () => met,
    become: async next => {
      mood = next
      met = 0
      if (next === 'refusing') await close()
      else if (!server.listening) await listen()
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    // The caller gave up: what came is no batch.
    return Buffer.alloc(0)
  }
  return Buffer.concat(chunks)
}
