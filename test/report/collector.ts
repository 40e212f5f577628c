// A back end with moods: each request is answered as the test says, and its body is kept.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { serveFor } from '../served.ts'

export type Collected = { readonly body: Buffer; readonly headers: IncomingHttpHeaders; readonly url: string }

export type Collector = {
  readonly url: string
  readonly requests: readonly Collected[]
  /** Connections that are open: with none, no byte is still on its way here. */
  readonly connections: () => number
}

/** `answer` gets the number of the request, from 0; it may leave the response open for ever. */
export async function startCollector(
  t: Test,
  answer: (response: ServerResponse, number: number) => void
): Promise<Collector> {
  const requests: Collected[] = []
  let open = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ body: Buffer.concat(chunks), headers: request.headers, url: request.url ?? '' })
      answer(response, requests.length - 1)
    })
  })
  server.on('connection', socket => {
    open++
    socket.once('close', () => open--)
  })
  const url = `http://127.0.0.1:${await serveFor(t, server)}/v1/traces`
  return { url, requests, connections: () => open }
}
