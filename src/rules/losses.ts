// What is lost between the dialects a route reads and those its upstream gets, in words for newcomers.
// Knows no dialect by name: everything comes from what each says that it carries.
import type { Carries, Reader } from '../dialects/dialect.ts'
import type { Policy } from '../mediate/policy.ts'

/** Something that one wire can say and another cannot. */
type Loss = {
  readonly carried: (carries: Carries) => boolean
  readonly words: (from: string, to: string, carries: Carries) => string
}

/** What becomes of a trace that somebody debugs, by what its wish arrives as. */
const debugged = {
  keep: 'the trace is kept like any other, and limits behind may cut it',
  drop: 'services behind do not keep the trace',
  debug: 'nothing changes',
  defer: 'services behind decide whether to keep the trace'
}

const losses: readonly Loss[] = [
  {
    carried: ({ sampling }) => sampling.debug === 'debug',
    words: (from, to, { sampling }) =>
      `${from} can say "debug" (keep this trace past every limit), ${to} cannot: ${debugged[sampling.debug]}`
  },
  {
    carried: ({ sampling }) => sampling.defer === 'defer',
    words: (from, to) =>
      `${from} can leave open whether a trace is kept (defer), ${to} cannot: the gateway decides, at its own rate`
  },
  {
    carried: ({ width }) => width,
    words: (from, to) =>
      `${from} can carry trace ids of 16 digits (64 bits), ${to} cannot: services behind get 16 zeros in front of them, and the trace is to be searched for in both forms`
  },
  {
    carried: ({ traceIdBits }) => traceIdBits === 128,
    words: (from, to) =>
      `${from} can carry 128-bit trace ids, ${to} only 64 bits: the first half is lost, and services behind it show another trace id`
  },
  {
    carried: ({ spanId }) => spanId === 'always',
    words: (from, to) =>
      `${from} can name the span that calls, ${to} names its place in a path instead: back ends of the two show the call under different ids`
  },
  {
    carried: ({ dropped }) => dropped === 'context',
    words: (from, to, { dropped }) =>
      dropped === 'decision'
        ? `${from} can carry the ids of a trace that is not kept, ${to} only says that it is not: the ids end here`
        : `${from} can say "not kept", ${to} cannot: a trace that is not kept is not passed on, and services behind it may begin one of their own`
  },
  {
    carried: ({ tracestate }) => tracestate,
    words: (from, to) =>
      `${from} can carry tracestate (what vendors add to a trace), ${to} cannot: it ends here`
  }
]

/** What this route loses. Nothing is lost that at least one emitted dialect carries. */
export function lossesOf({ accept, emit }: Policy): readonly string[] {
  return losses.flatMap(({ carried, words }) => {
    const [first] = emit
    const from = accept.filter(dialect => carried(dialect.carries))
    if (first === undefined || from.length === 0 || emit.some(each => carried(each.carries))) return []
    return [words(list(from), list(emit), first.carries)]
  })
}

/** What a dialect cannot carry of any context. */
export function ownLosses({
  sampling,
  dropped,
  traceIdBits,
  spanId,
  parentId,
  width,
  random,
  tracestate
}: Carries) {
  const losses: string[] = []
  if (sampling.keep !== 'keep') losses.push('that a trace is kept')
  if (sampling.defer !== 'defer') losses.push('an open decision (the gateway decides)')
  if (sampling.debug !== 'debug') losses.push(`"debug" (${debugged[sampling.debug]})`)
  if (dropped === 'nothing') losses.push('traces that are not kept (nothing goes on of them)')
  if (dropped === 'decision') losses.push('the ids of a trace that is not kept')
  if (traceIdBits === 64) losses.push('the first half of a 128-bit trace id')
  if (spanId !== 'always') losses.push('span ids')
  if (!parentId) losses.push("the parent's own parent")
  if (!width) losses.push('whether the trace id had 64 bits')
  if (!random) losses.push('the flag that the trace id is random')
  if (!tracestate) losses.push('tracestate')
  return losses
}

function list(dialects: readonly Reader[]): string {
  const names = dialects.map(dialect => dialect.name)
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
