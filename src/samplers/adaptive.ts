// Keeps so many traces a second, whatever the traffic: the share follows what arrived. Between two changes it is a
// ratio sampler, consistent and with known odds. No timer: time passes when it is asked.
import { keeps, thresholdFor } from '../trace/probability.ts'
import type { Clock, Sampled, Sampler } from './sampler.ts'
import type { Limit } from './tokens.ts'

export type Adaptive = {
  /** How many traces to keep. */
  readonly target: Limit
  /** At least so many where traces come at all; a count of 0 promises nothing. */
  readonly floor: Limit
  /** The largest share to keep, 0 to 1. */
  readonly ceiling: number
}

/** Before anything is known of the traffic. */
const initial = 0.1
/** The smallest share: one a minute of 16,000 a second, so that no usual target is missed for it. */
const smallest = 1e-6
/** So far from the target nothing is changed: a share that never rests makes odds that nobody can compare. */
const tolerance = 0.3
/** Milliseconds between two changes; the first ones come sooner, for the initial share is a guess. */
const window = 10_000
const firstWindow = 1_000
/** Of what is known, so much goes by in one window. */
const forgotten = 0.5
/** Milliseconds of a lull, after which what was before counts no more: one silent window may be chance. */
const lullBelieved = 2 * window
/**
 * Kept in one window, as a multiple of the target, this many are a surge: the share is changed at once. A lull is when
 * so many times fewer arrive than before.
 */
const surge = 2
/** Fewer say nothing of the traffic. */
const surgeAtLeast = 10

const dropped: Sampled = { keep: false, threshold: undefined }
const floored: Sampled = { keep: true, threshold: undefined }

/** Keeps near to `target` traces. `now` is asked once for each. */
export function adaptive({ target, floor, ceiling }: Adaptive, now: Clock): Sampler {
  const perSecond = (target.count * 1000) / target.perMs
  const floorMs = floor.count === 0 ? Number.POSITIVE_INFINITY : floor.perMs / floor.count
  const most = Math.max(surgeAtLeast, surge * perSecond * (window / 1000))
  let p = Math.min(initial, ceiling)
  let threshold = thresholdFor(p)
  let keep: Sampled = { keep: true, threshold }
  /** Traces a second that arrive; undefined until the first window is over. */
  let arriving: number | undefined
  /** Milliseconds that a lull has gone on. */
  let lull = 0
  let length = firstWindow
  let since = now()
  let lastKept = since
  let arrived = 0
  let kept = 0

  function adapt(at: number): void {
    const elapsed = Math.max(1, at - since)
    const rate = (arrived * 1000) / elapsed
    const before = arriving ?? rate
    lull = rate * surge < before ? lull + elapsed : 0
    // A surge is believed at once, a lull as it goes on.
    const known = rate > surge * before || lull >= lullBelieved ? 0 : (1 - forgotten) ** (elapsed / window)
    arriving = rate + known * (before - rate)
    const keeping = arriving * p
    if (keeping > perSecond * (1 + tolerance) || keeping < perSecond * (1 - tolerance)) {
      p = Math.min(ceiling, Math.max(smallest, arriving === 0 ? 1 : perSecond / arriving))
      threshold = thresholdFor(p)
      keep = { keep: true, threshold }
    }
    length = Math.min(window, 2 * length)
    since = at
    arrived = 0
    kept = 0
  }

  function due(at: number): boolean {
    return at - since >= length || kept >= most
  }

  function say(randomness: string, at: number): Sampled {
    if (threshold !== undefined && keeps(randomness, threshold)) return keep
    // Who hardly ever calls is still seen; that says nothing of how many others there were.
    return at - lastKept >= floorMs ? floored : dropped
  }

  return {
    name: 'adaptive',
    rate: () => p,
    sample: randomness => {
      const at = now()
      if (due(at)) adapt(at)
      arrived++
      const said = say(randomness, at)
      if (said.keep) {
        kept++
        lastKept = at
      }
      return said
    },
    peek: randomness => say(randomness, now())
  }
}
