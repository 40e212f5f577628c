// An upstream that answers with what it received. It acts on nothing that it is sent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenOn } from '../listen.ts'
import { type Header, loadSeen, type Seen } from './seen.ts'

export type Echo = {
  /** Port 0 takes any free one. Rejects with the error of node:net when the address cannot be had. */
  readonly listen: (host: string, port: number) => Promise<{ port: number }>
  /** Ends idle connections at once, the others after their answer or a second. */
  readonly close: () => Promise<void>
}

const closeMs = 1000

/** Loads OpenTelemetry's propagators and makes a server that does not listen yet. */
export async function createEcho(): Promise<Echo> {
  const seen = await loadSeen()
  const server = createServer((request, response) => {
    let body = 0
    request.on('data', (chunk: Buffer) => {
      body += chunk.length
    })
    request.on('end', () => answer(request, response, body, seen))
  })
  return {
    listen: async (host, port) => {
      const bound = await listenOn(server, host, port)
      // From here on: a connection that could not be accepted. It is no reason to stop.
      server.on('error', () => {})
      return { port: bound }
    },
    close: () =>
      new Promise(resolve => {
        const deadline = setTimeout(() => server.closeAllConnections(), closeMs)
        server.close(() => {
          clearTimeout(deadline)
          resolve()
        })
      })
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  body: number,
  seen: (headers: readonly Header[]) => Seen
): void {
  const headers = pairs(request.rawHeaders)
  const text = render(request.method ?? '', request.url ?? '', body, headers, seen(headers))
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // A cached echo would show an earlier caller's trace.
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff'
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function pairs(raw: readonly string[]): readonly Header[] {
  const headers: Header[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i] ?? '', raw[i + 1] ?? ''])
  return headers
}

/** JSON for people: one header per line. */
function render(method: string, url: string, body: number, headers: readonly Header[], seen: Seen): string {
  const lines = headers.map(([name, value]) => `    [${JSON.stringify(name)}, ${JSON.stringify(value)}]`)
  return `{
  "method": ${JSON.stringify(method)},
  "url": ${JSON.stringify(url)},${body > 0 ? `\n  "body": ${body},` : ''}
  "headers": [${lines.length > 0 ? `\n${lines.join(',\n')}\n  ` : ''}],
  "seen": ${JSON.stringify(seen, null, 2).replaceAll('\n', '\n  ')}
}
`
}
