// CORS that follows from the rules: a page may send the fields of every accepted dialect, so that a trace which
// begins in a browser is not lost in a preflight. https://fetch.spec.whatwg.org/#http-cors-protocol
import type { Read } from '../dialects/dialect.ts'
import type { Cors } from '../rules/rules.ts'
import { named } from './fields.ts'

/** What a cross-origin request asks for. */
export type CorsRequest = {
  readonly origin: string
  readonly allowed: boolean
  /** It only asks whether the real request may follow. */
  readonly preflight: boolean
}

/** Undefined for a request that no page of another origin made. */
export function corsRequest(cors: Cors, method: string, read: Read): CorsRequest | undefined {
  const origin = read('origin')
  if (origin === undefined) return undefined
  const preflight = method === 'OPTIONS' && read('access-control-request-method') !== undefined
  return { origin, allowed: cors.allows(origin), preflight }
}

/** What a token may hold; names and methods that a page asks for are repeated only in this form. */
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/

/** More fields than this nobody sends; a preflight is no amplifier. */
const mostAsked = 100

/** The fields of the answer to a preflight; none but Vary where the origin has no permission. */
export function preflightFields(cors: Cors, request: CorsRequest, read: Read): string[] {
  const out = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']
  if (!request.allowed) return out
  const method = read('access-control-request-method') ?? ''
  allowOrigin(cors, request, out)
  out.push('Access-Control-Allow-Methods', methodsFor(cors, method))
  out.push(
    'Access-Control-Allow-Headers',
    headersFor(cors, read('access-control-request-headers')).join(', ')
  )
  if (cors.maxAgeSeconds > 0) out.push('Access-Control-Max-Age', String(cors.maxAgeSeconds))
  return out
}

function methodsFor(cors: Cors, asked: string): string {
  if (cors.methods !== 'any') return cors.methods.join(', ')
  return token.test(asked) ? asked : 'GET, HEAD, POST'
}

function headersFor(cors: Cors, asked: string | undefined): string[] {
  const fields = [...cors.dialectFields]
  const known = new Set(fields.map(field => field.toLowerCase()))
  for (const part of (asked ?? '').split(',', mostAsked)) {
    const name = part.trim()
    const lower = name.toLowerCase()
    if (!token.test(name) || known.has(lower)) continue
    if (cors.headers !== 'any' && !cors.headers.has(lower)) continue
    known.add(lower)
    fields.push(name)
  }
  return fields
}

/** Adds permission to an answer. In mode `answer` what the upstream says of CORS is replaced, in `amend` completed. */
export function permit(cors: Cors, request: CorsRequest, timing: boolean, fields: string[]): void {
  if (cors.mode === 'answer') remove(fields, name => named(name.slice(0, 21), 'access-control-allow-'))
  addTo(fields, 'vary', 'Vary', ['Origin'])
  if (!request.allowed) return
  if (!has(fields, 'access-control-allow-origin')) allowOrigin(cors, request, fields)
  if (cors.expose.length > 0) {
    addTo(fields, 'access-control-expose-headers', 'Access-Control-Expose-Headers', cors.expose)
  }
  // Without it a browser keeps Server-Timing from a page of another origin.
  // https://www.w3.org/TR/server-timing/#cross-origin-resources
  if (timing && !has(fields, 'timing-allow-origin')) fields.push('Timing-Allow-Origin', request.origin)
}

/** Completes what an upstream answers to a preflight: its own permission stays, the dialects' fields join it. */
export function amendPreflight(cors: Cors, request: CorsRequest, read: Read, fields: string[]): void {
  addTo(fields, 'vary', 'Vary', ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'])
  if (!request.allowed) return
  if (!has(fields, 'access-control-allow-origin')) allowOrigin(cors, request, fields)
  if (!has(fields, 'access-control-allow-methods')) {
    fields.push('Access-Control-Allow-Methods', methodsFor(cors, read('access-control-request-method') ?? ''))
  }
  const asked = headersFor(cors, read('access-control-request-headers'))
  addTo(fields, 'access-control-allow-headers', 'Access-Control-Allow-Headers', asked)
}

function allowOrigin(cors: Cors, request: CorsRequest, out: string[]): void {
  // The origin itself, never `*`: a permission for one must not be cached for another, hence Vary.
  out.push('Access-Control-Allow-Origin', request.origin)
  if (cors.credentials) out.push('Access-Control-Allow-Credentials', 'true')
}

function has(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (named(fields[i] ?? '', name)) return true
  return false
}

function remove(fields: string[], unwanted: (name: string) => boolean): void {
  let kept = 0
  for (let i = 0; i < fields.length; i += 2) {
    if (unwanted(fields[i] ?? '')) continue
    fields[kept] = fields[i] ?? ''
    fields[kept + 1] = fields[i + 1] ?? ''
    kept += 2
  }
  fields.length = kept
}

/** Adds the members of a list field that are not there yet. */
function addTo(fields: string[], lower: string, name: string, members: readonly string[]): void {
  const there = new Set<string>()
  for (let i = 0; i < fields.length; i += 2) {
    if (!named(fields[i] ?? '', lower)) continue
    for (const member of (fields[i + 1] ?? '').split(',')) there.add(member.trim().toLowerCase())
  }
  if (there.has('*')) return
  const missing = members.filter(member => !there.has(member.toLowerCase()))
  if (missing.length > 0) fields.push(name, missing.join(', '))
}
