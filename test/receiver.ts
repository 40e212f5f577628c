// A collector for tests: takes OTLP over HTTP on a free port and decodes it with OpenTelemetry's own code, not ours.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { portFor } from './served.ts'
import { until } from './until.ts'

/** Field by field as protobufjs gives them; 64-bit integers as decimal strings, bytes as hex. */
export type SeenSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyMap<string, SeenValue>
  readonly links: readonly SeenLink[]
  /** 0 unset, 2 error. */
  readonly statusCode: number
  readonly resource: ReadonlyMap<string, SeenValue>
  readonly scope: string
}

export type SeenLink = {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  readonly attributes: ReadonlyMap<string, SeenValue>
}

/** An integer is `{ int: '200' }`, so that a test tells it from a double. */
export type SeenValue =
  | string
  | boolean
  | number
  | { readonly int: string }
  | readonly SeenValue[]
  | undefined

export type SeenRequest = {
  readonly headers: IncomingMessage['headers']
  readonly url: string
  readonly bytes: number
  readonly spans: readonly SeenSpan[]
}

export type Receiver = {
  /** With the path of OTLP. */
  readonly url: string
  readonly spans: () => readonly SeenSpan[]
  readonly requests: readonly SeenRequest[]
  /** Resolves when `number` spans have come in all; rejects when they do not come. */
  readonly received: (number: number) => Promise<readonly SeenSpan[]>
  readonly close: () => Promise<void>
}

export async function startReceiver(): Promise<Receiver> {
  const requests: SeenRequest[] = []
  const spans = () => requests.flatMap(request => request.spans)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { headers, url = '' } = request
      const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      requests.push({ headers, url, bytes: body.length, spans: decodeRequest(bytes) })
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  const port = await portFor(server)

  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    requests,
    received: async number => {
      await until(() => spans().length >= number, `${number} spans arrive`)
      return spans()
    },
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    }
  }
}

type Plain = { readonly [field: string]: unknown }

type Message = {
  readonly decode: (bytes: Uint8Array) => unknown
  readonly toObject: (message: unknown, options: object) => Plain
  readonly encode: (message: object) => { readonly finish: () => Uint8Array }
  readonly fromObject: (object: object) => object
}

// Plain CommonJS without types of its own.
const generated = createRequire(import.meta.resolve('@opentelemetry/otlp-transformer'))('./generated/root.js')
const trace = generated.opentelemetry.proto.collector.trace.v1
const ExportRequest: Message = trace.ExportTraceServiceRequest
const ExportResponse: Message = trace.ExportTraceServiceResponse

/** The spans in the body of an OTLP request; throws when it is not one. */
export function decodeRequest(bytes: Uint8Array): SeenSpan[] {
  const request = ExportRequest.toObject(ExportRequest.decode(bytes), {
    longs: String,
    bytes: String,
    defaults: true
  })
  return list(request['resourceSpans']).flatMap(one =>
    list(one['scopeSpans']).flatMap(scoped =>
      list(scoped['spans']).map(span => ({
        ...seen(span),
        resource: attributes(plain(one['resource'])),
        scope: String(plain(scoped['scope'])['name'])
      }))
    )
  )
}

/** What a collector answers that refuses `rejectedSpans` of a batch. */
export function encodePartialSuccess(rejectedSpans: number, errorMessage = ''): Buffer {
  return Buffer.from(ExportResponse.encode({ partialSuccess: { rejectedSpans, errorMessage } }).finish())
}

/** The spans in an OTLP request in JSON, as the same code reads them: what it has no field for is lost. */
export function decodeJsonRequest(bytes: Uint8Array): SeenSpan[] {
  // Its own JSON has bytes in base64, OTLP's in hex.
  const request = JSON.parse(Buffer.from(bytes).toString(), (key, value) =>
    /^(?:trace|span|parentSpan)Id$/.test(key) ? Buffer.from(String(value), 'hex').toString('base64') : value
  )
  return decodeRequest(ExportRequest.encode(ExportRequest.fromObject(request)).finish())
}

function seen(span: Plain): Omit<SeenSpan, 'resource' | 'scope'> {
  return {
    traceId: hex(span['traceId']),
    spanId: hex(span['spanId']),
    parentSpanId: hex(span['parentSpanId']),
    traceState: String(span['traceState']),
    flags: Number(span['flags']),
    name: String(span['name']),
    kind: Number(span['kind']),
    startTimeUnixNano: String(span['startTimeUnixNano']),
    endTimeUnixNano: String(span['endTimeUnixNano']),
    attributes: attributes(span),
    links: list(span['links']).map(link => ({
      traceId: hex(link['traceId']),
      spanId: hex(link['spanId']),
      flags: Number(link['flags']),
      attributes: attributes(link)
    })),
    statusCode: Number(plain(span['status'])['code'] ?? 0)
  }
}

function attributes(of: Plain): Map<string, SeenValue> {
  return new Map(list(of['attributes']).map(one => [String(one['key']), value(plain(one['value']))]))
}

// With `defaults`, fields of a oneof that were not sent stay away.
function value(any: Plain): SeenValue {
  if (any['intValue'] !== undefined) return { int: String(any['intValue']) }
  if (any['arrayValue'] !== undefined) return list(plain(any['arrayValue'])['values']).map(value)
  const one = any['stringValue'] ?? any['boolValue'] ?? any['doubleValue']
  return typeof one === 'string' || typeof one === 'boolean' || typeof one === 'number' ? one : undefined
}

function hex(base64: unknown): string {
  return Buffer.from(String(base64 ?? ''), 'base64').toString('hex')
}

function plain(of: unknown): Plain {
  return typeof of === 'object' && of !== null ? { ...of } : {}
}

function list(of: unknown): Plain[] {
  return Array.isArray(of) ? of.map(plain) : []
}
