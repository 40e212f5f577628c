// What passes a transparent hop as it came: the fields of the dialect that is followed, byte for byte, and those of
// dialects that name other traces, for only the dialect may change there, never the ids. Baggage is none of it: what of
// that goes on, and to whom, is for the rules to say.
import { baggageDialects } from '../baggage/find.ts'
import type { Dialect, Read } from '../dialects/dialect.ts'
import type { Received, TraceContext } from '../trace/context.ts'
import type { Policy } from './policy.ts'
import type { Arrival } from './receive.ts'

export type Untouched = {
  /** Name and value pairs, flat. */
  readonly fields: readonly string[]
  /** Emitted dialects of which nothing else is to be said: their fields are these, or none. */
  readonly dialects: readonly string[]
  /** Contexts of other traces that have to be written anew, by the dialect that named them. */
  readonly apart: ReadonlyMap<string, TraceContext>
}

const nothing: readonly string[] = []
const none: ReadonlyMap<string, TraceContext> = new Map()

/** Where all is written anew. */
export const allAnew: Untouched = { fields: nothing, dialects: nothing, apart: none }

/** What HTTP may carry on: https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text. */
const sendable = /^[\t\x20-\x7e]{0,8192}$/

const ofBaggage: ReadonlySet<string> = new Set(
  [...baggageDialects.values()].flatMap(({ fields }) => fields.map(field => field.toLowerCase()))
)

/**
 * For a believed caller. What contradicts passes beside the trace that is followed, not in its place: where an upstream
 * reads no other dialect, or would read this one in place of another, it is told of the trace that rules chose.
 */
export function untouchedBy(read: Read, policy: Policy, arrival: Arrival): Untouched {
  const { dialect, received, conflicts, spoken } = arrival
  const own = fieldsOf(read, policy, dialect, received, arrival)
  const followed: Untouched =
    own.length === 0 || dialect === undefined ? allAnew : { fields: own, dialects: [dialect], apart: none }
  if (conflicts.length === 0) return followed
  const contradicts = ({ name }: Dialect) => conflicts.some(each => each.dialect === name)
  const telling = policy.emit.filter(each => !contradicts(each)).map(({ name }) => name)
  if (telling.length === 0) return followed
  const fields = [...followed.fields]
  const dialects = [...followed.dialects]
  const apart = new Map<string, TraceContext>()
  for (const { name, supersedes } of policy.emit) {
    const word = telling.includes(name) ? undefined : spoken.find(each => each.dialect === name)?.received
    if (word === undefined || supersedes.some(each => telling.includes(each))) continue
    const other = fieldsOf(read, policy, name, word, arrival)
    if (other.length === 0 && word.kind === 'context') apart.set(name, word.context)
    else dialects.push(name)
    for (const part of other) fields.push(part)
  }
  return { fields, dialects, apart }
}

/**
 * The fields, name and value, flat; empty where the context has to be written anew.
 * A proxy that is in no trace forwards the fields of the dialect it hands on unmodified.
 * https://www.w3.org/TR/trace-context-2/#mutating-the-traceparent-field
 */
function fieldsOf(
  read: Read,
  policy: Policy,
  dialect: string | undefined,
  received: Received,
  arrival: Arrival
): readonly string[] {
  if (received.kind !== 'context' && received.kind !== 'trace') return nothing
  const { sampling } = received.kind === 'context' ? received.context : received.trace
  const own = policy.emit.find(({ name }) => name === dialect)
  if (own === undefined) return nothing
  const { carries } = own
  // Flags or members are left out there: what goes on is written anew.
  if (policy.randomFlag === 'mask' && carries.random) return nothing
  if (policy.tracestate !== 'all' && carries.tracestate) return nothing
  // Whoever reads such a header samples the trace, whatever it says.
  if (carries.dropped === 'nothing' && sampling === 'drop') return nothing
  const fields: string[] = []
  let shared = false
  for (const name of own.fields) {
    const field = name.toLowerCase()
    const value = read(field)
    // An empty one says nothing, and some agents then trace nothing at all.
    if (value === undefined || value === '') continue
    if (ofBaggage.has(field)) {
      shared = true
      continue
    }
    if (!sendable.test(value)) return nothing
    fields.push(name, value)
  }
  return shared && !standsAlone(read, own, arrival) ? nothing : fields
}

/** Whether a dialect names the same place without the fields of baggage: SOFATracer's sftc_head holds members and ids. */
function standsAlone(read: Read, own: Dialect, { spoken }: Arrival): boolean {
  const whole = spoken.find(({ dialect }) => dialect === own.name)?.received
  const alone = own.extract(field => (ofBaggage.has(field) ? undefined : read(field)))
  if (whole?.kind !== 'context' || alone.kind !== 'context') return false
  return alone.context.traceId === whole.context.traceId && alone.context.spanId === whole.context.spanId
}
