// Baggage from every accepted dialect to every emitted one: which members go on, not how they are written.
import { type BaggageDialect, type Each, folded, type Member, noMembers } from './baggage.ts'
import { isSentry, speaksOf } from './sentry.ts'

/** What rules say of the baggage of a route. */
export type BaggagePolicy = {
  /** In order of precedence. */
  readonly accept: readonly BaggageDialect[]
  readonly emit: readonly BaggageDialect[]
  /** Keys that pass, in lower case, or all. */
  readonly allow: ReadonlySet<string> | 'all'
  /** Bytes in each emitted dialect. */
  readonly maxBytes: number
}

const nothing: readonly string[] = []

/**
 * The fields for the upstream, name and value, flat. `traceId` is that of the trace that goes on; undefined when one
 * begins here. Dialects with members that made no sense are added to `garbled`; `own` goes in place of what the caller has
 * under its key. Pure; never throws.
 */
export function bridge(
  read: (field: string) => string | undefined,
  each: Each,
  policy: BaggagePolicy,
  traceId: string | undefined,
  garbled?: string[],
  own?: Member
): readonly string[] {
  if (policy.emit.length === 0) return nothing
  const members = collected(read, each, policy, traceId, garbled)
  return injected(own === undefined ? members : withOwn(members, own), policy)
}

/** As `bridge`, for a caller of whose baggage nothing goes on. */
export function bridgeOwn(policy: BaggagePolicy, own: Member | undefined): readonly string[] {
  return own === undefined ? nothing : injected([own], policy)
}

/** First, or a caller could leave no room for it. */
function withOwn(members: readonly Member[], own: Member): readonly Member[] {
  const key = folded(own.key)
  return [own, ...members.filter(member => folded(member.key) !== key)]
}

function injected(members: readonly Member[], policy: BaggagePolicy): readonly string[] {
  if (members.length === 0) return nothing
  const set: string[] = []
  for (const dialect of policy.emit) {
    dialect.inject(
      members.filter(member => mayEnter(member, dialect, policy.accept)),
      set,
      policy.maxBytes
    )
  }
  return set
}

/** All that may go on at all. Of a key that several dialects name, the first of them is heard. */
function collected(
  read: (field: string) => string | undefined,
  each: Each,
  { accept, allow }: BaggagePolicy,
  traceId: string | undefined,
  garbled: string[] | undefined
): readonly Member[] {
  let members = noMembers
  for (const dialect of accept) {
    const found = dialect.extract(read, each, garbled)
    if (found.length === 0) continue
    members = members.length === 0 ? found : joined(members, found)
  }
  const allowed = allow === 'all' ? members : members.filter(({ key }) => allow.has(folded(key)))
  if (!members.some(isSentry)) return allowed
  const whole = allowed.filter(isSentry).length === members.filter(isSentry).length
  return whole && speaksOf(members, traceId) ? allowed : allowed.filter(member => !isSentry(member))
}

/** A list that repeats a key goes on repeating it; but the same key in two dialects is one member, written twice. */
function joined(first: readonly Member[], then: readonly Member[]): readonly Member[] {
  const known = new Set(first.map(({ key }) => folded(key)))
  return [...first, ...then.filter(({ key }) => !known.has(folded(key)))]
}

function mayEnter(member: Member, dialect: BaggageDialect, accept: readonly BaggageDialect[]): boolean {
  if (member.dialect === dialect.name) return true
  const home = accept.find(each => each.name === member.dialect)
  return !reserves(dialect, member) && !(home !== undefined && reserves(home, member))
}

function reserves({ reserved }: BaggageDialect, { key }: Member): boolean {
  return reserved !== undefined && folded(key).startsWith(reserved)
}
