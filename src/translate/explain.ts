// A dry run in words, for a person: who was followed, what was trusted, what goes on.
// It repeats what was decided elsewhere and decides nothing.
import type { Mediation } from '../mediate/mediate.ts'
import type { Policy, SamplingPlan } from '../mediate/policy.ts'
import type { Arrival } from '../mediate/receive.ts'
import type { Rules, Verdict } from '../rules/rules.ts'
import { samplingSentence, wishOf } from './why-sampled.ts'

/** Why it came to this, in sentences. `address` is the caller's. */
export function explain(
  mediation: Mediation,
  policy: Policy,
  plan: SamplingPlan,
  trusted: { readonly address: string; readonly verdict: Verdict; readonly rules: Rules }
): readonly string[] {
  return [
    ...followed(mediation, policy),
    ...rememberedBy(mediation, policy.members.read !== undefined),
    trustSentence(trusted),
    samplingSentence(mediation, plan)
  ].map(plain)
}

// What a terminal obeys or hides: controls, marks of direction, separators of lines.
// https://www.unicode.org/reports/tr44/#General_Category_Values
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** With what callers wrote in a form that a terminal shows. */
function plain(sentence: string): string {
  return sentence.replace(unseen, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

function followed(mediation: Mediation, { accept, conflict }: Policy): readonly string[] {
  const { arrival, trust, links, restored } = mediation
  const { dialect, received, malformed } = arrival
  const among = `accept (${accept.map(({ name }) => name).join(', ')})`
  const garbled = malformed
    .filter(one => received.kind !== 'none' || one.dialect !== dialect)
    .map(one => `${one.dialect} is there, but cannot be read (${one.reason}): nothing is copied from it`)
  if (received.kind === 'none') {
    const why = received.malformed
      ? `${dialect} is there, but cannot be read (${received.reason}): nothing is copied from it`
      : `none of the dialects of ${among} is in the headers`
    return [...garbled, `${why}; a new trace begins`]
  }
  const heard = `${dialect} is ${trust === 'continue' ? 'followed' : 'heard'}`
  const first = {
    context: `${heard}: ${precedence(arrival, conflict)}`,
    trace: `${heard}: it names a trace without a parent, and no dialect of ${among} has a whole context`,
    decision: `${dialect} says "${wishOf(received)}" without a trace, and no dialect of ${among} has one: a new trace begins`
  }[received.kind]
  const foreign = links.find(({ reason }) => reason === 'restored')
  return [
    first,
    ...(restored
      ? [
          `what an earlier gateway stored in tracestate goes before it (restore): a foreign hop wrote over it${foreign === undefined ? '' : `, and span ${foreign.spanId} of that is linked`}`
        ]
      : []),
    ...garbled,
    ...arrival.spoken.filter(one => one.dialect !== dialect).map(one => besides(one, mediation))
  ]
}

/** Why its context goes before the others'. */
function precedence({ dialect, spoken, conflicts }: Arrival, conflict: Policy['conflict']): string {
  const whole = spoken.filter(({ received }) => received.kind === 'context')
  if (whole.length < 2) return 'it alone has a whole context'
  if (conflict === 'first' && whole[0]?.dialect === dialect) {
    return 'of those with a whole context it comes first in accept'
  }
  return conflicts.length === 0
    ? 'of those that name this trace it says most precisely where the call comes from'
    : `of those that disagree, its trace was chosen (conflict: ${conflict})`
}

/** What became of a dialect that was spoken beside the one that is followed. */
function besides(
  { dialect, received }: Arrival['spoken'][number],
  { arrival, links, reports }: Mediation
): string {
  if (received.kind !== 'decision') {
    if (!arrival.conflicts.some(one => one.dialect === dialect)) {
      return `${dialect} names the same trace: no conflict`
    }
    const linked = reports && links.some(link => link.dialect === dialect) ? ', and the span links to it' : ''
    return `${dialect} names another trace: it is not followed${linked}`
  }
  const winner = arrival.spoken.find(one => one.dialect === arrival.dialect)
  const open = winner !== undefined && wishOf(winner.received) === 'defer'
  return `${dialect} says "${received.sampling}" apart from any trace: ${
    open
      ? `that counts, for ${arrival.dialect} leaves the decision open`
      : `that does not count, for ${arrival.dialect} decides itself`
  }`
}

/** What one dialect alone understands, and goes on to whoever speaks it. */
function rememberedBy({ arrival, span }: Mediation, fromTracestate: boolean): readonly string[] {
  if (span.residue === undefined || span.residue.size === 0) return []
  const came = arrival.received.kind === 'context' ? arrival.received.context.residue : undefined
  const text = (entries: readonly (readonly [string, string])[]) =>
    entries.map(([key, value]) => `${key} ${value}`).join(', ')
  const all = [...span.residue]
  const gave = fromTracestate ? all.filter(([key, value]) => came?.get(key) !== value) : []
  const kept = all.filter(entry => !gave.includes(entry))
  return [
    ...(kept.length === 0 ? [] : [`remembered, for upstreams that speak the same: ${text(kept)}`]),
    ...(gave.length === 0 || arrival.received.kind !== 'context'
      ? []
      : [`given back from tracestate, where an earlier gateway kept it: ${text(gave)}`])
  ]
}

const trustWords = {
  continue: 'what it says counts, its wish, tracestate and baggage too',
  restart: 'its trace is not gone on with, only linked; its wish, tracestate and baggage are dropped',
  ignore: 'nothing that it says counts'
}

function trustSentence({
  address,
  verdict: { context, entry },
  rules
}: Parameters<typeof explain>[3]): string {
  const entries: unknown = rules.effective['trust']
  const rule: unknown = entry === undefined || !Array.isArray(entries) ? undefined : entries[entry]
  const by =
    entry === undefined || typeof rule !== 'object' || rule === null
      ? 'no entry of trust holds'
      : `entry ${entry + 1} of trust holds (${Object.entries(rule).map(shown).join(', ')})`
  return `the caller is ${address}, and ${by}: ${trustWords[context]}`
}

function shown([key, value]: [string, unknown]): string {
  return `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
}
