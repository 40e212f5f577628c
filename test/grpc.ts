// A service of gRPC and its client, both by grpc-js: what real ones make of whatever is between them.
import { promisify } from 'node:util'
import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData
} from '@grpc/grpc-js'
import type { Teardown } from './running.ts'

type Text = MethodDefinition<string, string>

function method(name: string, requestStream: boolean, responseStream: boolean): Text {
  const toBytes = (text: string) => Buffer.from(text)
  const toText = (bytes: Buffer) => bytes.toString()
  return {
    path: `/shop.Orders/${name}`,
    requestStream,
    responseStream,
    requestSerialize: toBytes,
    requestDeserialize: toText,
    responseSerialize: toBytes,
    responseDeserialize: toText
  }
}

export const get = method('Get', false, false)
export const collect = method('Collect', true, false)
export const watch = method('Watch', false, true)
export const talk = method('Talk', true, true)

const service: ServiceDefinition = { get, collect, watch, talk }

export type Service = {
  /** http://127.0.0.1:port */
  readonly url: string
  /** What came with each call, in their order. */
  readonly calls: readonly Metadata[]
  /** Calls that their callers gave up. */
  readonly cancelled: () => number
  /** Sends a message to every caller that watches, or ends what they watch. */
  readonly tell: (text: string | undefined) => void
}

/**
 * `Get` gives back what it is asked, fails with NOT_FOUND for `missing` and never answers `hang`. `Collect` joins what
 * it is sent, `Watch` sends what the test tells it to, `Talk` answers each message. Ends with the test.
 */
export async function startService(t: Teardown): Promise<Service> {
  const calls: Metadata[] = []
  const watching = new Set<ServerWritableStream<string, string>>()
  let cancelled = 0
  const begin = (call: { metadata: Metadata; on: (event: 'cancelled', listener: () => void) => unknown }) => {
    calls.push(call.metadata)
    call.on('cancelled', () => cancelled++)
  }
  const server = new Server()
  server.addService(service, {
    get: (call: ServerUnaryCall<string, string>, done: sendUnaryData<string>) => {
      begin(call)
      if (call.request === 'hang') return
      if (call.request !== 'missing') return done(null, call.request)
      const metadata = new Metadata()
      metadata.set('why', 'sold out')
      done({ code: 5, details: 'no such order', metadata })
    },
    collect: (call: ServerReadableStream<string, string>, done: sendUnaryData<string>) => {
      begin(call)
      const parts: string[] = []
      call.on('data', (part: string) => parts.push(part))
      call.on('end', () => done(null, parts.join('+')))
    },
    watch: (call: ServerWritableStream<string, string>) => {
      begin(call)
      watching.add(call)
      call.sendMetadata(new Metadata())
    },
    talk: (call: ServerDuplexStream<string, string>) => {
      begin(call)
      call.on('data', (part: string) => call.write(`<${part}>`))
      call.on('end', () => call.end())
    }
  })
  const bind = promisify(server.bindAsync.bind(server))
  const port = await bind('127.0.0.1:0', ServerCredentials.createInsecure())
  t.teardown(() => server.forceShutdown())
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    cancelled: () => cancelled,
    tell: text => {
      for (const call of watching) {
        if (text === undefined) call.end()
        else call.write(text)
      }
    }
  }
}

/** Ends with the test. */
export function clientOf(
  t: Teardown,
  port: number,
  security: ChannelCredentials = credentials.createInsecure()
): Client {
  const client = new Client(`localhost:${port}`, security, {
    'grpc.ssl_target_name_override': 'shop.example',
    'grpc.default_authority': 'shop.example'
  })
  t.teardown(() => client.close())
  return client
}
