// CORS that follows from the rules: a page may send the fields of every accepted dialect, so that a trace which
// begins in a browser is not lost in a preflight. https://fetch.spec.whatwg.org/#http-cors-protocol
import type { Read } from '../dialects/dialect.ts'
import type { Cors } from '../rules/rules.ts'
import { fieldOf, named, removeFields } from './fields.ts'

/** What a cross-origin request asks for. */
export type CorsRequest = {
  readonly origin: string
  readonly allowed: boolean
  /** It only asks whether the real request may follow. */
  readonly preflight: boolean
}

/** The method of the request that a preflight asks for; undefined when this is none. */
export function askedMethod(method: string, read: Read): string | undefined {
  return method === 'OPTIONS' && read('origin') !== undefined
    ? read('access-control-request-method')
    : undefined
}

/** What browsers send; all else is allowed nothing, even where every origin is, for it would be repeated. */
// https://www.rfc-editor.org/rfc/rfc6454#section-7.1
const originPattern = /^(?:null|[A-Za-z][0-9A-Za-z+.-]{0,31}:\/\/[0-9A-Za-z._~:[\]-]{0,260})$/

/** Undefined for a request that no page of another origin made. */
export function corsRequest(cors: Cors, method: string, read: Read): CorsRequest | undefined {
  const origin = read('origin')
  if (origin === undefined) return undefined
  const preflight = askedMethod(method, read) !== undefined
  return { origin, allowed: originPattern.test(origin) && cors.allows(origin), preflight }
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
  if (cors.mode === 'answer') removeFields(fields, name => named(name.slice(0, 21), 'access-control-allow-'))
  addTo(fields, 'vary', 'Vary', ['Origin'])
  if (!request.allowed) return
  completeOrigin(cors, request, fields)
  if (cors.expose.length > 0) {
    addTo(fields, 'access-control-expose-headers', 'Access-Control-Expose-Headers', cors.expose)
  }
  // Without it a browser keeps Server-Timing from a page of another origin.
  // https://www.w3.org/TR/server-timing/#cross-origin-resources
  if (timing && fieldOf(fields, 'timing-allow-origin') === undefined) {
    fields.push('Timing-Allow-Origin', request.origin)
  }
}

/** Completes what an upstream answers to a preflight: its own permission stays, the dialects' fields join it. */
export function amendPreflight(cors: Cors, request: CorsRequest, read: Read, fields: string[]): void {
  addTo(fields, 'vary', 'Vary', ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'])
  if (!request.allowed) return
  completeOrigin(cors, request, fields)
  if (fieldOf(fields, 'access-control-allow-methods') === undefined) {
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

/** The upstream's own permission stays; but `*` is none for a page that sends cookies. */
// https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
function completeOrigin(cors: Cors, request: CorsRequest, fields: string[]): void {
  const said = fieldOf(fields, 'access-control-allow-origin')
  if (said === undefined) allowOrigin(cors, request, fields)
  else if (cors.credentials && (said === '*' || said === request.origin)) {
    removeFields(
      fields,
      name => named(name, 'access-control-allow-origin') || named(name, 'access-control-allow-credentials')
    )
    allowOrigin(cors, request, fields)
  }
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
