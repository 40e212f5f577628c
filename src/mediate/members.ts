// What dialects keep of themselves in tracestate: read back when W3C comes in, written when it goes out.
// And which members go on at all. It changes no other member, and costs nothing where there is nothing to keep.
import type { Accepted, Dialect, Member } from '../dialects/dialect.ts'
import { acceptedByRank } from '../dialects/find.ts'
import type { Residue, TraceContext } from '../trace/context.ts'
import type { Hop } from '../trace/hop.ts'
import { memberOf, withMember, withOnly } from '../trace/tracestate.ts'

type Reading = {
  /** One look at a list tells most of them from one that has any: most have none. */
  readonly any: RegExp
  readonly keys: readonly { readonly key: string; readonly of: readonly Member[] }[]
}

export type Members = {
  /** Those that may have been written before; undefined where no tracestate comes in. */
  readonly read: Reading | undefined
  /** Those that there may be something to write of. */
  readonly write: readonly Member[]
}

const every: readonly Member[] = acceptedByRank.flatMap(dialect => dialect.member ?? [])
const keys: Reading['keys'] = [...Map.groupBy(every, member => member.key)].map(([key, of]) => ({ key, of }))
// https://www.w3.org/TR/trace-context-2/#list, in canonical form; keys are our own, and letters alone
const any = new RegExp(`(?:^|,)(?:${keys.map(({ key }) => key).join('|')})=`)

/** For a route, when rules load. */
export function membersOf(accept: readonly Accepted[], emit: readonly Dialect[]): Members {
  const comes = accept.some(dialect => dialect.carries.tracestate)
  const goes = emit.some(dialect => dialect.carries.tracestate)
  const heard = comes ? every : accept.flatMap(dialect => dialect.member ?? [])
  return { read: comes ? { any, keys } : undefined, write: goes ? heard : [] }
}

/** The residue of a context with what its tracestate gives back. */
export function remembered(context: TraceContext, read: Members['read']): Residue | undefined {
  let { residue } = context
  if (read === undefined || context.tracestate === '' || !read.any.test(context.tracestate)) return residue
  for (const { key, of } of read.keys) {
    const value = memberOf(context.tracestate, key)
    if (value === undefined) continue
    for (const member of of) {
      const found = member.read(value, context)
      if (found === undefined) continue
      residue = residue === undefined ? found : new Map([...residue, ...found])
    }
  }
  return residue
}

/** The context with what its residue holds in tracestate; the same one when that is nothing, or there already. */
export function keeping(context: TraceContext, write: Members['write'], hop: Hop): TraceContext {
  if (context.residue === undefined) return context
  let { tracestate } = context
  for (const member of write) {
    const value = member.write(context, hop)
    if (value === undefined || value === memberOf(tracestate, member.key)) continue
    tracestate = withMember(tracestate, member.key, value)
  }
  return tracestate === context.tracestate ? context : { ...context, tracestate }
}

/** The context with the members of these keys alone; the same one when it has no others. */
export function passing(context: TraceContext, keys: ReadonlySet<string> | 'all'): TraceContext {
  if (keys === 'all') return context
  const tracestate = withOnly(context.tracestate, keys)
  return tracestate === context.tracestate ? context : { ...context, tracestate }
}
