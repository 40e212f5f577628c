// SkyWalking's back end for agents and for the gateway: gRPC and HTTP, both read with the agent's own messages.
import { createRequire } from 'node:module'
import { startOap } from '../oap.ts'
import type { Teardown } from '../running.ts'

export type Ref = {
  readonly traceid: string
  readonly parenttracesegmentid: string
  readonly parentspanid: number
  readonly parentservice: string
  readonly networkaddressusedatpeer: string
}

export type SegmentSpan = {
  readonly spanid: number
  readonly parentspanid: number
  readonly operationname: string
  readonly peer: string
  /** 0 Entry, 1 Exit. */
  readonly spantype: number
  readonly refsList: readonly Ref[]
}

/** As the generated code gives it. */
export type Segment = {
  readonly traceid: string
  readonly tracesegmentid: string
  readonly service: string
  readonly spansList: readonly SegmentSpan[]
}

export type Backend = {
  /** For the gateway's rules. */
  readonly url: string
  /** For agents: host:port. */
  readonly grpc: string
  /** What agents and gateway have reported so far. Throws for a body that the protocol does not know. */
  readonly segments: () => readonly Segment[]
  /** Services that said that they live. */
  readonly living: () => ReadonlySet<string>
}

type Message = {
  readonly toObject: () => object
  readonly serializeBinary: () => Uint8Array
  readonly [setter: `set${string}`]: (value: unknown) => unknown
}
type MessageType = { new (): Message; readonly deserializeBinary: (bytes: Uint8Array) => Message }
type Enum = Readonly<Record<string, number>>

// Packages without types of their own, apart from ours.
const load = createRequire(new URL('package.json', import.meta.url))
const proto = 'skywalking-backend-js/lib/proto'

function messages() {
  const tracing = load(`${proto}/language-agent/Tracing_pb`)
  const { KeyStringValuePair, Commands } = load(`${proto}/common/Common_pb`)
  const { InstanceProperties, InstancePingPkg } = load(`${proto}/management/Management_pb`)
  const items: ReadonlyMap<string, MessageType> = new Map([
    ['spans', tracing.SpanObject],
    ['refs', tracing.SegmentReference],
    ['tags', KeyStringValuePair],
    ['properties', KeyStringValuePair],
    ['logs', tracing.Log]
  ])
  const enums: ReadonlyMap<string, Enum> = new Map([
    ['spanType', tracing.SpanType],
    ['spanLayer', tracing.SpanLayer],
    ['refType', tracing.RefType]
  ])
  return { items, enums, Commands, SegmentObject: tracing.SegmentObject, InstanceProperties, InstancePingPkg }
}

/** protobuf's JSON into a message, field by field: a field or a value that it does not know is an error. */
function fromJson(type: MessageType, json: object, all: ReturnType<typeof messages>): Message {
  const message = new type()
  for (const [key, value] of Object.entries(json)) {
    const list = Array.isArray(value)
    const lower = key.toLowerCase()
    const setter = message[`set${lower.charAt(0).toUpperCase()}${lower.slice(1)}${list ? 'List' : ''}`]
    if (setter === undefined) throw new Error(`${key} is no field`)
    const item = all.items.get(key)
    const named = all.enums.get(key)?.[String(value).toUpperCase()]
    if (all.enums.has(key) && named === undefined) throw new Error(`${value} is no ${key}`)
    if (list && item === undefined) throw new Error(`${key} is no list`)
    setter.call(message, list && item ? value.map(one => fromJson(item, one, all)) : (named ?? value))
  }
  // Over the wire and back: what is no number or no text does not survive this.
  return type.deserializeBinary(message.serializeBinary())
}

/** Ends with the test. */
export async function startBackend(t: Teardown): Promise<Backend> {
  const all = messages()
  const http = await startOap(t)
  const grpc = load('@grpc/grpc-js')
  const { TraceSegmentReportServiceService } = load(`${proto}/language-agent/Tracing_grpc_pb`)
  const { ManagementServiceService } = load(`${proto}/management/Management_grpc_pb`)
  const reported: Segment[] = []
  const none = (_: unknown, answer: (error: null, commands: Message) => void) =>
    answer(null, new all.Commands())

  const server = new grpc.Server()
  server.addService(TraceSegmentReportServiceService, {
    collect: (
      stream: NodeJS.EventEmitter & AsyncIterable<{ toObject: () => Segment }>,
      answer: (error: null, commands: Message) => void
    ) => {
      stream.on('data', segment => reported.push(segment.toObject()))
      stream.on('end', () => answer(null, new all.Commands()))
    },
    collectInSync: none
  })
  server.addService(ManagementServiceService, { reportInstanceProperties: none, keepAlive: none })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      '127.0.0.1:0',
      grpc.ServerCredentials.createInsecure(),
      (error: Error | null, bound: number) => (error === null ? resolve(bound) : reject(error))
    )
  })
  t.teardown(() => server.forceShutdown())

  return {
    url: http.url,
    grpc: `127.0.0.1:${port}`,
    segments: () => [
      ...reported,
      ...http.segments().map(segment => fromJson(all.SegmentObject, segment, all).toObject() as Segment)
    ],
    living: () =>
      new Set(
        http.requests.flatMap(({ path, body }) => {
          if (typeof body !== 'object' || body === null || path === '/v3/segments') return []
          const type = path.endsWith('keepAlive') ? all.InstancePingPkg : all.InstanceProperties
          const { service } = fromJson(type, body, all).toObject() as { readonly service: string }
          return path.endsWith('keepAlive') ? [service] : []
        })
      )
  }
}
