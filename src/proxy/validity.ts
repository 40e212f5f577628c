// Which requests are taken, beside RFC 9110 and 9112: one rule, one line. What llhttp refuses by itself (framing that
// contradicts itself, folded lines, control characters) never comes here, nor what nghttp2 does; test/proxy/matrix has
// both. Must not know routes.
import { type IncomingMessage, METHODS } from 'node:http'
import { type Failure, failures } from './failure.ts'
import { fieldOf, named, type RawFields } from './fields.ts'
import { waits } from './hints.ts'

export type Head = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders'>

/** Why this request is not taken; undefined for one that is. */
export function faultOf({ method = '', url = '', httpVersion, rawHeaders }: Head): Failure | undefined {
  // 2 is a stream's; nobody speaks 2.0 in lines, and 0.9 has no header. https://www.rfc-editor.org/rfc/rfc9110#section-2.5
  if (httpVersion !== '1.1' && httpVersion !== '1.0' && httpVersion !== '2')
    return failures.versionNotSupported
  let host: string | undefined
  let coding: string | undefined
  let expectation: Failure | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (named(name, 'host')) {
      // Two of them are two requests to two readers. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
      if (host !== undefined) return failures.badRequest
      host = rawHeaders[i + 1] ?? ''
    } else if (named(name, 'transfer-encoding')) {
      if (coding !== undefined) return failures.badRequest
      coding = rawHeaders[i + 1] ?? ''
    } else if (named(name, 'expect')) {
      // 1.0 knows none. https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
      const unmet = httpVersion !== '1.0' && !waits(httpVersion, rawHeaders[i + 1])
      if (unmet) expectation = failures.expectationFailed
    }
  }
  return (
    hostFault(host, httpVersion) ??
    codingFault(coding, httpVersion) ??
    methodFault(method, rawHeaders, httpVersion) ??
    targetFault(method, url, httpVersion === '2' ? undefined : host) ??
    expectation
  )
}

// https://www.rfc-editor.org/rfc/rfc9110#section-7.2 with https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2, less the
// comma, which joins two, and less the addresses of the future
const hostPattern =
  /^(?:(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2}){1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/

function hostFault(host: string | undefined, httpVersion: string): Failure | undefined {
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2: only 1.0 may go without
  if (host === undefined) return httpVersion === '1.0' ? undefined : failures.badRequest
  // Empty is for URIs without an authority, which http is not: https://www.rfc-editor.org/rfc/rfc9110#section-4.2.1
  return hostPattern.test(host) ? undefined : failures.badRequest
}

function codingFault(coding: string | undefined, httpVersion: string): Failure | undefined {
  if (coding === undefined) return undefined
  // Faulty framing, whatever it says: https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (httpVersion === '1.0') return failures.badRequest
  // The same place: 501 for a coding that is not understood.
  return named(coding, 'chunked') ? undefined : failures.notImplemented
}

// https://www.rfc-editor.org/rfc/rfc9112#section-3.2.1; a fragment is no part of a request target, nor is a space
const originForm = /^\/[\x21\x22\x24-\x7e]*$/
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
const absoluteForm = /^https?:\/\/([^/?#]*)((?:[/?][\x21\x22\x24-\x7e]*)?)$/i

/** `host` is undefined where nothing but a path can be meant. */
function targetFault(method: string, url: string, host: string | undefined): Failure | undefined {
  if (originForm.test(url)) return undefined
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2.4
  if (url === '*') return method === 'OPTIONS' ? undefined : failures.badRequest
  // Never a way to choose the upstream: it has to say what Host says. https://www.rfc-editor.org/rfc/rfc9110#section-7.4
  const authority = absoluteForm.exec(url)?.[1]
  if (authority === undefined || host === undefined) return failures.badRequest
  return authority.toLowerCase() === host.toLowerCase() ? undefined : failures.badRequest
}

/** Digits alone: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.2 */
const hops = /^\d{1,9}$/

/** In lines llhttp takes no others; in frames any would pass, and `delete` go where DELETE is closed. */
const known: ReadonlySet<string> = new Set(METHODS)

function methodFault(method: string, fields: RawFields, httpVersion: string): Failure | undefined {
  if (httpVersion === '2' && !known.has(method)) return failures.badRequest
  // It would show what other proxies put into the header: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8
  if (method === 'TRACE' || method === 'CONNECT') return failures.methodNotAllowed
  if (method !== 'OPTIONS') return undefined
  const left = fieldOf(fields, 'max-forwards')
  return left === undefined || hops.test(left) ? undefined : failures.badRequest
}

/** What is sent on: the target of a request without fault, in origin-form, or `*`. Others stay as they are. */
export function plainTarget(method: string, url: string, host: string | undefined): string {
  if (url.startsWith('/')) return url
  const [, authority, rest] = absoluteForm.exec(url) ?? []
  if (rest === undefined || authority?.toLowerCase() !== host?.toLowerCase()) return url
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2.4: the last hop turns it back into `*`
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.startsWith('?') ? `/${rest}` : rest
}

/** OPTIONS that asks the gateway itself. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.2 */
export function asksGateway(method: string, target: string, fields: RawFields): boolean {
  if (method !== 'OPTIONS') return false
  return target === '*' || Number(fieldOf(fields, 'max-forwards') ?? 1) === 0
}
