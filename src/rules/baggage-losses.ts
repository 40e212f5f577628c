// What baggage loses between the dialects that a route reads it in and those its upstream gets, in words for newcomers.
// Knows no dialect by name: everything comes from what each says that it carries.
import type { BaggageCarries, BaggageDialect } from '../baggage/baggage.ts'
import type { BaggagePolicy } from '../baggage/bridge.ts'

/** What this route loses of baggage. Nothing is lost that at least one emitted dialect carries. */
export function baggageLossesOf({ accept, emit, allow, maxBytes }: BaggagePolicy): readonly string[] {
  if (emit.length === 0 || accept.length === 0) return []
  const keys = allow === 'all' ? Number.POSITIVE_INFINITY : allow.size
  /** The most that goes on, where less does than could have come; else nothing. */
  const least = (room: (carries: BaggageCarries) => number, words: (most: number) => string) => {
    const most = (dialects: readonly BaggageDialect[]) =>
      Math.max(...dialects.map(each => room(each.carries)))
    return most(emit) < most(accept) ? [words(most(emit))] : []
  }
  const limits = [
    ...least(
      ({ members }) => Math.min(members, keys),
      most => `${most} keys at most`
    ),
    ...least(
      ({ valueLength }) => valueLength ?? Number.POSITIVE_INFINITY,
      most => `values of at most ${most} characters`
    ),
    ...least(
      ({ bytes }) => Math.min(bytes ?? maxBytes, maxBytes),
      most => `${most} bytes in all`
    ),
    ...(lost(accept, emit, ({ emptyValues }) => emptyValues) ? ['no empty values'] : [])
  ]
  const names = emit.map(({ name }) => name).join(', ')
  return [
    ...(limits.length === 0
      ? []
      : [
          `baggage (the keys and values that callers send along) goes on as ${names}, which takes ${limits.join(', ')}: what does not fit is left out`
        ]),
    ...(lost(accept, emit, ({ caseOfKeys }) => caseOfKeys)
      ? [`baggage goes on as ${names}, where keys lose their capital letters: userId arrives as userid`]
      : [])
  ]
}

function lost(
  accept: readonly BaggageDialect[],
  emit: readonly BaggageDialect[],
  carried: (carries: BaggageCarries) => boolean
): boolean {
  return accept.some(each => carried(each.carries)) && !emit.some(each => carried(each.carries))
}
