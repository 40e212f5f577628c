// An upstream that speaks HTTP/2, in plain text or by TLS, and does with each stream what it is told.

import { readFileSync } from 'node:fs'
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings
} from 'node:http2'
import { pathOf } from './certificates.ts'
import type { Teardown } from './running.ts'
import { portFor } from './served.ts'

export type StreamSeen = {
  readonly stream: ServerHttp2Stream
  /** Name, value, name, value; pseudo-fields first. */
  readonly fields: readonly string[]
  readonly path: string
  readonly body: () => string
  /** The whole request has come. */
  readonly ended: () => boolean
  /** The code of its reset; undefined while there is none. */
  readonly reset: () => number | undefined
}

export type StreamOrigin = {
  readonly url: string
  readonly seen: readonly StreamSeen[]
  /** Made so far. */
  readonly connections: () => number
  readonly open: ReadonlySet<ServerHttp2Session>
}

/** More than any gateway takes: who is asked to answer with a long header does. */
const maxSendHeaderBlockLength = 1024 * 1024

/** Ends with the test. */
export async function startStreamOrigin(
  t: Teardown,
  respond: (seen: StreamSeen) => void = ({ stream }) => {
    stream.respond([':status', '200'])
    stream.end('ok')
  },
  scheme: 'http' | 'https' = 'http',
  settings: Settings = {}
): Promise<StreamOrigin> {
  const seen: StreamSeen[] = []
  const open = new Set<ServerHttp2Session>()
  let connections = 0
  const server: Http2Server =
    scheme === 'http'
      ? createServer({ settings, maxSendHeaderBlockLength })
      : createSecureServer({
          cert: readFileSync(pathOf('shop.pem')),
          key: readFileSync(pathOf('shop.key')),
          settings,
          maxSendHeaderBlockLength
        })
  server.on('session', session => {
    connections++
    open.add(session)
    session.on('close', () => open.delete(session))
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers, _, fields) => {
    const chunks: Buffer[] = []
    let ended = false
    let reset: number | undefined
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    // Node ends the reading of a stream that was reset as well.
    stream.on('end', () => {
      ended = !stream.aborted
    })
    stream.on('error', () => {})
    stream.on('close', () => {
      if (stream.aborted || stream.rstCode !== 0) reset = stream.rstCode
    })
    const one: StreamSeen = {
      stream,
      fields,
      path: headers[':path'] ?? '',
      body: () => Buffer.concat(chunks).toString(),
      ended: () => ended,
      reset: () => reset
    }
    seen.push(one)
    respond(one)
  })
  const port = await portFor(server)
  t.teardown(() => {
    for (const session of open) session.destroy()
    server.close()
  })
  return { url: `${scheme}://127.0.0.1:${port}`, seen, connections: () => connections, open }
}
