// Callers that speak HTTP/2: Node's own client, and one that sends whatever frames it is told.
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  type SecureClientSessionOptions
} from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import type { Teardown } from './running.ts'
import { until } from './until.ts'

/** Ends with the test. */
export async function connectH2(
  t: Teardown,
  url: string,
  options: ClientSessionOptions | SecureClientSessionOptions = {}
): Promise<ClientHttp2Session> {
  const session = connect(url, options)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

export type StreamAsked = {
  readonly method?: string
  readonly path?: string
  /** In their order, repeats and all. */
  readonly fields?: readonly string[]
  /** Undefined for none; sent whole. */
  readonly body?: string
}

/** An answer as it comes in. */
export type StreamAnswer = {
  readonly stream: ClientHttp2Stream
  /** 0 until the header is there. */
  readonly status: () => number
  /** Name, value, name, value. */
  readonly fields: () => readonly string[]
  /** Of interim answers. */
  readonly interim: readonly (readonly string[])[]
  readonly trailers: () => readonly string[]
  readonly text: () => string
  /** How the stream ended: `end` for cleanly, else the code of its reset. */
  readonly over: Promise<'end' | number>
}

/** The request goes out whole, unless `open` leaves its body to the test. */
export function ask(session: ClientHttp2Session, asked: StreamAsked = {}, open = false): StreamAnswer {
  const { method = 'GET', path = '/', fields = [], body } = asked
  const named = fields.includes(':authority') ? [] : [':authority', 'shop.example']
  const stream = session.request([':method', method, ':path', path, ':scheme', 'http', ...named, ...fields], {
    endStream: body === undefined && !open
  })
  let status = 0
  let header: readonly string[] = []
  let trailers: readonly string[] = []
  let ended = false
  const interim: (readonly string[])[] = []
  const chunks: Buffer[] = []
  stream.on('headers', (_headers, _flags, raw) => interim.push(raw))
  stream.on('response', (headers, flags, raw) => {
    status = headers[':status'] ?? 0
    header = raw
    ended ||= (flags & 1) !== 0
  })
  stream.on('trailers', (_headers, _flags, raw) => {
    trailers = raw
    ended = true
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  const over = new Promise<'end' | number>(resolve => {
    stream.on('end', () => {
      if (stream.rstCode === 0 || ended) resolve('end')
    })
    stream.on('close', () => resolve(stream.rstCode ?? -1))
  })
  if (body !== undefined) stream.end(body)
  return {
    stream,
    status: () => status,
    fields: () => header,
    interim,
    trailers: () => trailers,
    text: () => Buffer.concat(chunks).toString('latin1'),
    over
  }
}

/** The value of a field, lines joined by a comma. */
export function fieldIn(fields: readonly string[], name: string): string | undefined {
  const lines = fields.filter((_, index) => index % 2 === 1 && fields[index - 1] === name)
  return lines.length === 0 ? undefined : lines.join(',')
}

export type Frame = {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9
} as const

export type FrameClient = {
  readonly socket: Socket
  readonly frames: readonly Frame[]
  readonly send: (type: number, flags: number, stream: number, payload?: Buffer) => void
  /** The first frame of this type on this stream; rejects when it does not come. */
  readonly frame: (type: number, stream: number) => Promise<Frame>
  readonly closed: () => boolean
}

/** On a plain socket, the preface and empty SETTINGS sent. */
export async function connectFrames(t: Teardown, port: number): Promise<FrameClient> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  t.teardown(() => socket.destroy())
  const frames: Frame[] = []
  let bytes: Buffer = Buffer.alloc(0)
  let closed = false
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  socket.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3)
      const payload = bytes.subarray(9, 9 + length)
      frames.push({ type: bytes[3] ?? 0, flags: bytes[4] ?? 0, stream: bytes.readUInt32BE(5), payload })
      bytes = bytes.subarray(9 + length)
    }
  })
  const send: FrameClient['send'] = (type, flags, stream, payload = Buffer.alloc(0)) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    socket.write(Buffer.concat([head, payload]))
  }
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  send(frameTypes.settings, 0, 0)
  return {
    socket,
    frames,
    send,
    frame: async (type, stream) => {
      const find = () => frames.find(frame => frame.type === type && frame.stream === stream)
      await until(() => find() !== undefined || closed, `frame ${type} of stream ${stream}`)
      const found = find()
      if (found === undefined) throw new Error(`it was closed without frame ${type} of stream ${stream}`)
      return found
    },
    closed: () => closed
  }
}

/** A header block, each field a literal that nobody remembers. https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2 */
export function blockOf(fields: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i < fields.length; i += 2) {
    parts.push(Buffer.from([0]), textOf(fields[i] ?? ''), textOf(fields[i + 1] ?? ''))
  }
  return Buffer.concat(parts)
}

/** Up to 253 bytes. */
function textOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const length = bytes.length < 127 ? [bytes.length] : [127, bytes.length - 127]
  return Buffer.concat([Buffer.from(length), bytes])
}

/** What RST_STREAM and GOAWAY are for. */
export function codeOf({ type, payload }: Frame): number {
  return payload.readUInt32BE(type === frameTypes.goaway ? 4 : 0)
}
