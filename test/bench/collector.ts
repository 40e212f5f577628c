// The collector of the outage: it can refuse connections, or take what it is sent and never answer.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { decodeRequest } from '../receiver.ts'

export type Collector = {
  readonly port: number
  readonly become: (mood: 'up' | 'closed' | 'silent') => Promise<void>
  /** Spans in batches that were answered. */
  readonly taken: () => number
  readonly close: () => void
}

export async function startCollector(): Promise<Collector> {
  let silent = false
  let taken = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (silent) return
      taken += decodeRequest(gunzipSync(Buffer.concat(chunks))).length
      response.writeHead(200, { 'content-length': 0 }).end()
    })
  })
  // None of the ports that are handed out, so that it is still free when the collector comes back.
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const listen = () => once(server.listen(port, '127.0.0.1'), 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  await listen()
  return {
    port,
    close,
    taken: () => taken,
    become: async mood => {
      silent = mood === 'silent'
      if (mood === 'closed') {
        close()
        await once(server, 'close')
      } else if (!server.listening) await listen()
    }
  }
}
