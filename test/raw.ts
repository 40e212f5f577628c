// A client on a plain socket: sends the bytes that it is given, and keeps those that come back.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createMessageReader, type Field, type Message } from './message.ts'
import type { Teardown } from './running.ts'
import { until } from './until.ts'

export type RawClient = {
  readonly socket: Socket
  readonly send: (bytes: string | Buffer) => void
  /** Whole answers so far, interim ones included. */
  readonly answers: readonly Message[]
  /** Everything received, as latin1. */
  readonly text: () => string
  /** The answer of this number, from 0; rejects when it does not come. */
  readonly answer: (number?: number) => Promise<Message>
  /** How the connection ended: `end` for a clean end, else the code of the error. */
  readonly over: Promise<string>
}

export type RawOptions = {
  /** Of the requests in turn, where one is HEAD: its answer has no body. */
  readonly methods?: readonly string[]
  /** The caller's own address, of 127.0.0.0/8. */
  readonly from?: string
}

/** Ends with the test. */
export async function connectRaw(
  t: Teardown,
  port: number,
  { methods = [], from = '127.0.0.1' }: RawOptions = {}
): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
  await once(socket, 'connect')
  return clientOn(t, socket, methods)
}

/** On a socket that is connected already. */
export function clientOn(t: Teardown, socket: Socket, methods: readonly string[] = []): RawClient {
  const chunks: Buffer[] = []
  const answers: Message[] = []
  const reader = createMessageReader(
    message => answers.push(message),
    start => /^HTTP\/1\.\d (?:1\d\d|204|304)\b/.test(start) || methods[answers.length] === 'HEAD'
  )
  let outcome: string | undefined
  const over = new Promise<string>(resolve => {
    const settle = (how: string) => {
      outcome ??= how
      resolve(outcome)
    }
    socket.on('end', () => {
      reader.end()
      settle('end')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    socket.on('close', () => settle('close'))
  })
  socket.on('data', chunk => {
    chunks.push(chunk)
    reader.push(chunk)
  })
  t.teardown(() => socket.destroy())
  const text = () => Buffer.concat(chunks).toString('latin1')
  return {
    socket,
    send: bytes => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    answers,
    text,
    answer: async (number = 0) => {
      await until(() => answers.length > number || outcome !== undefined, `answer ${number}`)
      const message = answers[number]
      if (message === undefined) throw new Error(`no answer ${number}, but ${outcome}: ${text()}`)
      return message
    },
    over
  }
}

export type Asked = {
  readonly method?: string
  readonly path?: string
  readonly fields?: readonly Field[]
  /** Goes with a content-length of its own. */
  readonly body?: string
  readonly from?: string
}

/** One request on a connection of its own. */
export async function ask(t: Teardown, port: number, asked: Asked = {}): Promise<Message> {
  const { method = 'GET', from = '127.0.0.1' } = asked
  const client = await connectRaw(t, port, { methods: [method], from })
  client.send(requestOf(asked))
  const answer = await client.answer()
  client.socket.destroy()
  return answer
}

/** The bytes of a request, with Host. */
export function requestOf({ method = 'GET', path = '/', fields = [], body }: Asked): string {
  const length: Field[] = body === undefined ? [] : [['Content-Length', String(body.length)]]
  const lines = [['Host', 'shop.example'] as const, ...fields, ...length].map(
    ([name, value]) => `${name}: ${value}\r\n`
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** Of a status line. */
export function statusOf({ start }: Pick<Message, 'start'>): number {
  return Number(start.split(' ', 2)[1])
}
