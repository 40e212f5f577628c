// Fields behind the body of a request, on their way to an upstream. Must not send them.
import type { Readable } from 'node:stream'
import type { Strip } from '../mediate/policy.ts'
import { isGrpc } from '../report/grpc.ts'
import { isForwarding } from '../rules/owned-fields.ts'
import { fieldOf, type RawFields } from './fields.ts'
import { stripped } from './outgoing.ts'
import { trailersOf } from './trailers.ts'

/** Fields that an upstream may add to its header must not be among them: what stands for the caller, what we say. */
const headerAlone: ReadonlySet<string> = new Set(['proxy', 'via'])

/**
 * Whether any can follow: not behind a body that says its length, nor in a call, whose requests have none. Where they
 * can, the end of the body is a frame more. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function mayTrail(fields: RawFields): boolean {
  return fieldOf(fields, 'content-length') === undefined && !isGrpc(fieldOf(fields, 'content-type'))
}

/** Those that came behind a body that has ended, less what the header of the request could not have held either. */
export function trailersBehind(body: Readable, strip: Strip): [string, string][] {
  const raw = 'rawTrailers' in body && Array.isArray(body.rawTrailers) ? body.rawTrailers.map(String) : []
  if (raw.length === 0) return []
  return trailersOf(raw).filter(([name]) => {
    const lower = name.toLowerCase()
    // Nobody needs an underscore there, and CGI would take it for a dash.
    if (headerAlone.has(lower) || isForwarding(lower) || lower.includes('_')) return false
    return !stripped(lower, strip)
  })
}
