// The request header as the upstream gets it: the caller's own fields in their order, case and number,
// less what ends at this hop and the trace fields, then what this gateway adds.
import type { Strip } from '../mediate/policy.ts'
import { isForwarding } from '../rules/owned-fields.ts'
import { begins, fieldOf, type RawFields } from './fields.ts'
import type { Forwarded } from './forwarded.ts'
import { endsHere, nominatedBy } from './hop.ts'
import { viaOf } from './via.ts'

/** Fields answered here. CGI takes `Proxy` for its own: https://httpoxy.org */
const answeredHere: ReadonlySet<string> = new Set(['expect', 'proxy', 'via', 'x-forwarded-for'])

/**
 * Appends everything for the upstream to `set`, which holds the trace fields already: what a caller nominates in
 * Connection goes before ours come, so it can name none of ours.
 */
export function outgoing(
  fields: RawFields,
  strip: Strip,
  set: readonly string[],
  caller: Forwarded
): string[] {
  const nominated = nominatedBy(fields)
  const out: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const lower = name.toLowerCase()
    if (endsHere(lower, nominated) || stripped(lower, strip) || answeredHere.has(lower)) continue
    if ((!caller.believed && isForwarding(lower)) || lower === caller.withheld) continue
    if (lower.includes('_') && poses(lower, strip, caller)) continue
    out.push(name, fields[i + 1] ?? '')
  }
  for (const part of set) out.push(part)
  forward(fields, caller, out)
  return out
}

/** Whether a field, by its lower-case name, is one of trace that this caller's are taken out of. */
export function stripped(lower: string, { fields, prefixes }: Strip): boolean {
  if (fields.has(lower)) return true
  for (const prefix of prefixes) if (begins(lower, prefix)) return true
  return false
}

/** Behind CGI, WSGI and PHP, X_B3_TraceId is X-B3-TraceId: https://www.rfc-editor.org/rfc/rfc3875#section-4.1.18 */
function poses(lower: string, strip: Strip, { underscores, believed, withheld }: Forwarded): boolean {
  if (underscores !== 'drop') return underscores !== 'allow'
  const dashed = lower.replaceAll('_', '-')
  // Here it goes from believed callers too: they have no need of it, and behind CGI it would stand beside ours.
  if (stripped(dashed, strip) || answeredHere.has(dashed) || dashed === withheld) return true
  return !believed && isForwarding(dashed)
}

function forward(fields: RawFields, caller: Forwarded, out: string[]): void {
  const before = caller.believed ? fieldOf(fields, 'x-forwarded-for') : undefined
  out.push('X-Forwarded-For', before === undefined ? caller.address : `${before}, ${caller.address}`)
  if (!caller.believed || fieldOf(fields, 'x-forwarded-proto') === undefined) {
    out.push('X-Forwarded-Proto', caller.scheme)
  }
  if (caller.host !== undefined && (!caller.believed || fieldOf(fields, 'x-forwarded-host') === undefined)) {
    out.push('X-Forwarded-Host', caller.host)
  }
  if (!caller.believed || fieldOf(fields, 'x-forwarded-port') === undefined) {
    out.push('X-Forwarded-Port', String(caller.port))
  }
  out.push('Via', viaOf(fieldOf(fields, 'via'), caller.httpVersion, caller.pseudonym))
}
