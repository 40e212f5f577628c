// The header of a request for an upstream of HTTP/1, as text. Must not change what it is given: what goes out is decided
// in outgoing.ts.

import { named } from './fields.ts'
import type { Sent } from './recipient.ts'
import { errors } from './undici.ts'

/** How the body is told apart from what follows: by its length in bytes, by chunks, or there is none. */
export type Framing = number | 'chunked' | 'none'

export type RequestHeader = { readonly text: string; readonly framing: Framing }

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2, and what else servers take
const requestTarget = /^[\x21-\x7e\x80-\xff]+$/
// https://www.rfc-editor.org/rfc/rfc9110#section-8.6
const length = /^\d{1,15}$/

/** Their servers expect a length, be it 0. https://www.rfc-editor.org/rfc/rfc9110#section-8.6 */
const withContent: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/** `host` is for a request without Host. An error where a byte would change what the header says. */
export function headerOf({ method, path, fields, body }: Sent, host: string): RequestHeader | Error {
  if (!token.test(method) || !requestTarget.test(path)) return unfit
  let text = `${method} ${path} HTTP/1.1\r\n`
  let bytes: string | undefined
  let hosts = 0
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    if (!token.test(name) || !fieldValue.test(value)) return unfit
    if (named(name, 'host')) hosts++
    else if (named(name, 'content-length')) {
      if (bytes !== undefined || !length.test(value)) return unfit
      bytes = value
      // Of a request without a body it is written below.
      if (body === null) continue
    } else if (named(name, 'transfer-encoding')) return unfit
    text += `${name}: ${value}\r\n`
  }
  if (hosts > 1) return unfit
  if (hosts === 0) text += `Host: ${host}\r\n`
  text += 'Connection: keep-alive\r\n'
  if (body === null) {
    if (withContent.has(method)) text += 'Content-Length: 0\r\n'
    return { text: `${text}\r\n`, framing: 'none' }
  }
  if (bytes !== undefined) return { text: `${text}\r\n`, framing: Number(bytes) }
  return { text: `${text}Transfer-Encoding: chunked\r\n\r\n`, framing: 'chunked' }
}

const unfit = new errors.InvalidArgumentError('a request that cannot be written')
