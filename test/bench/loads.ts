// The loads: what is asked, and what must come back. Plain data that goes from process to process.

export type Load = {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Bytes of JSON that are sent. */
  readonly sends: number
  /** Bytes of the answer's body: what is answered otherwise has failed. */
  readonly answer: number
  /** Header fields of a request, all told. */
  readonly fields: number
  /** Dialects in which callers bring their traces; all say the same. */
  readonly context: readonly ('w3c' | 'b3' | 'jaeger' | 'sw8')[]
  readonly connections: number
  /** Of one round. */
  readonly requests: number
}

const small: Load = {
  name: 'small GET',
  method: 'GET',
  path: '/orders/42',
  sends: 0,
  answer: 100,
  fields: 5,
  context: ['w3c'],
  connections: 32,
  requests: 16_000
}
/** Bytes of one event as the upstream sends them, and how many make a stream. */
export const event = { bytes: 64, count: 100 }
const KiB = 1024

export const loads = {
  small,
  post: { ...small, name: '4 KiB JSON POST', method: 'POST', sends: 4 * KiB, requests: 10_000 },
  download: { ...small, name: '1 MiB download', ...bytes(KiB * KiB), requests: 400 },
  events: {
    ...small,
    name: `SSE, ${event.count} events of ${event.bytes} bytes`,
    path: `/events/${event.count}`,
    answer: event.count * event.bytes,
    requests: 250
  },
  many: { ...small, name: '200 connections', connections: 200 },
  four: { ...small, name: 'small GET with four dialects', fields: 8, context: ['w3c', 'b3', 'jaeger', 'sw8'] }
} as const satisfies Record<string, Load>

/** Small, but for the number of header fields. */
export function withFields(fields: number): Load {
  return { ...small, name: `${fields} header fields`, fields }
}

/** Small, but for the answer. */
export function withAnswer(size: number): Load {
  const requests = Math.min(small.requests, Math.max(400, Math.round(4e8 / (size + 40_000))))
  return { ...small, name: `an answer of ${size} bytes`, ...bytes(size), requests }
}

function bytes(answer: number): { readonly path: string; readonly answer: number } {
  return { path: `/orders/${answer}`, answer }
}
