// Why a dry run's trace is sampled, or not, in a sentence. It repeats what was decided elsewhere and decides nothing.
import type { Mediation } from '../mediate/mediate.ts'
import type { SamplingPlan } from '../mediate/policy.ts'
import type { Received, Sampling } from '../trace/context.ts'

/** What the caller said of sampling. */
export function wishOf(received: Received): Sampling {
  if (received.kind === 'context') return received.context.sampling
  if (received.kind === 'trace') return received.trace.sampling
  return received.kind === 'decision' ? received.sampling : 'defer'
}

const rateWords: ReadonlyMap<string, (share: string) => string> = new Map([
  ['adaptive', share => `the adaptive rate, ${share} now,`],
  ['at-most', share => `the rate of ${share} under sampling.at-most`]
])

export function samplingSentence(
  { why, span, trust, arrival }: Mediation,
  { parent, sampler, demand }: SamplingPlan
): string {
  if (why === 'transparent') {
    return 'the gateway is a transparent hop here (spans: none): it decides nothing, and the ids of the caller go on'
  }
  const verdict = span.sampling === 'drop' ? 'not sampled' : 'sampled'
  const wish = trust === 'continue' ? wishOf(arrival.received) : 'defer'
  const share = `${Number((sampler.rate() * 100).toPrecision(6))}%`
  const rate = rateWords.get(sampler.name)?.(share) ?? `the rate of ${share}`
  switch (why) {
    case 'parent':
      return `${verdict}: the caller said "${wish}", and is followed (sampling.parent: ${parent})`
    case 'debug':
      return `${verdict}: the caller said "debug", which goes past every rate (sampling.parent: ${parent})`
    case 'cap':
      return `${verdict}: the caller said "${wish}", and ${rate} caps it (sampling.parent: cap)`
    case 'limit':
      return `${verdict}: callers have forced as many traces as sampling.limit lets them, so ${rate} caps this one`
    case 'forced':
      return `${verdict}: a believed caller asks for it by the field ${demand?.header} (sampling.force)`
    default:
      return wish === 'defer'
        ? `${verdict}: nobody who is believed decided, so ${rate} does, by the trace id (${why})`
        : `${verdict}: ${rate} decides by the trace id, whatever the caller said (sampling.parent: ${parent})`
  }
}
