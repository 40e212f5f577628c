// A SkyWalking back end for tests: takes what is posted to it over HTTP, and keeps it as it came.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { listenOn } from '../src/listen.ts'
import type { Teardown } from './running.ts'
import { until } from './until.ts'

export type SegmentRef = {
  readonly refType: string
  readonly traceId: string
  readonly parentTraceSegmentId: string
  readonly parentSpanId: number
  readonly parentService: string
  readonly parentServiceInstance: string
  readonly parentEndpoint: string
  readonly networkAddressUsedAtPeer: string
}

export type SegmentSpan = {
  readonly spanId: number
  readonly parentSpanId: number
  readonly operationName: string
  readonly spanType: string
  readonly peer?: string
  readonly isError: boolean
  readonly skipAnalysis: boolean
  readonly tags: readonly { readonly key: string; readonly value: string }[]
  readonly refs?: readonly SegmentRef[]
}

export type SeenSegment = {
  readonly traceId: string
  readonly traceSegmentId: string
  readonly service: string
  readonly serviceInstance: string
  readonly spans: readonly SegmentSpan[]
}

export type Posted = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: unknown }

export type Oap = {
  /** As rules name it: without a path. */
  readonly url: string
  readonly requests: readonly Posted[]
  readonly segments: () => readonly SeenSegment[]
  /** Resolves when `number` segments have come in all; rejects when they do not come. */
  readonly received: (number: number) => Promise<readonly SeenSegment[]>
}

/** Ends with the test. `status` is what it answers to everything. */
export async function startOap(t: Teardown, status: () => number = () => 200): Promise<Oap> {
  const requests: Posted[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { headers, url: path = '' } = request
      const sent = Buffer.concat(chunks)
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      requests.push({ path, headers, body: JSON.parse(text.toString()) })
      // What an OAP answers: Commands, of which there are none.
      response.writeHead(status(), { 'content-type': 'application/json' }).end('{}')
    })
  })
  const port = await listenOn(server, '127.0.0.1', 0)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const segments = () =>
    requests.flatMap(({ path, body }) => (path === '/v3/segments' && Array.isArray(body) ? body : []))
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    segments,
    received: async number => {
      await until(() => segments().length >= number, `${number} segments arrive`)
      return segments()
    }
  }
}
