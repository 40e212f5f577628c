// One of each sampler, as the contract tries them, and dice that fall the same way each time.
import { adaptive } from '../../src/samplers/adaptive.ts'
import { atMost } from '../../src/samplers/at-most.ts'
import { ratio } from '../../src/samplers/ratio.ts'
import type { Clock, Sampler } from '../../src/samplers/sampler.ts'
import { createTokens } from '../../src/samplers/tokens.ts'

const perSecond = (count: number) => ({ count, perMs: 1000 })

/** By the name of its export. */
export const made: ReadonlyMap<string, (now: Clock) => Sampler> = new Map([
  ['ratio', () => ratio(0.3)],
  ['atMost', (now: Clock) => atMost(ratio(0.3), createTokens(perSecond(20), now))],
  [
    'adaptive',
    (now: Clock) => adaptive({ target: perSecond(20), floor: { count: 1, perMs: 60_000 }, ceiling: 1 }, now)
  ]
])

/** Randomness of traces, 14 hex digits each, from a seed. http://www.jstatsoft.org/v08/i14/paper (xorshift32) */
export function dice(seed: number): () => string {
  let state = seed
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0).toString(16).padStart(8, '0')
  }
  return () => (next() + next()).slice(0, 14)
}

/** Five standard deviations of how many of `n` are kept at the share `p`. */
export function fiveSigma(n: number, p: number): number {
  return 5 * Math.sqrt(n * p * (1 - p))
}
