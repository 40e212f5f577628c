// What a call of the admin listener is answered with. Must not know which calls there are.
import type { IncomingMessage } from 'node:http'

export type Answer = {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** Name and value pairs, flat. */
  readonly fields?: readonly string[]
}

export type Handler = (request: IncomingMessage, body: string) => Answer | Promise<Answer>

export function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}

export function json(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` }
}

/** Without the query. */
export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?', 1)[0] ?? ''
}

export function queryOf({ url = '' }: Pick<IncomingMessage, 'url'>): URLSearchParams {
  const at = url.indexOf('?')
  return new URLSearchParams(at === -1 ? '' : url.slice(at + 1))
}
