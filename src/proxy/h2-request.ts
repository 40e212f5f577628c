// The header of a request in HTTP/2, read into the words of HTTP/1, for one set of rules to judge both. nghttp2 has
// refused by then what RFC 9113 8.2 and 8.3 forbid: upper case, pseudo-fields twice, unknown or behind others,
// connection fields, te other than trailers, no :method, :scheme or :path, content-length that is not the body's.
import type { RawFields } from './fields.ts'

export type StreamRequest = {
  readonly method: string
  readonly path: string
  /** Host first. */
  readonly fields: string[]
}

/** Undefined for one that says two different things. Field names are in lower case, as the wire has them. */
export function readRequest(raw: RawFields): StreamRequest | undefined {
  let method = ''
  let path = ''
  let authority: string | undefined
  let host: string | undefined
  let cookie: string | undefined
  const rest: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (name === ':method') method = value
    else if (name === ':path') path = value
    else if (name === ':authority') authority = value
    else if (name === 'host') {
      if (host !== undefined) return undefined
      host = value
    }
    // Browsers send it in crumbs: https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3
    else if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`
    else if (!name.startsWith(':')) rest.push(name, value)
  }
  // https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1: they must not differ
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return undefined
  const fields: string[] = []
  const named = authority ?? host
  if (named !== undefined) fields.push('host', named)
  for (const part of rest) fields.push(part)
  if (cookie !== undefined) fields.push('cookie', cookie)
  return { method, path, fields }
}
