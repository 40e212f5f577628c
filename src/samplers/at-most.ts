// Another sampler under a ceiling: of what that keeps, so many in a time. The odds then depend on what else came
// along, so none are claimed: who wants both a ceiling and odds takes the adaptive one.
import type { Sampled, Sampler } from './sampler.ts'
import type { Tokens } from './tokens.ts'

const keep: Sampled = { keep: true, threshold: undefined }
const drop: Sampled = { keep: false, threshold: undefined }

/** Keeps what `inner` keeps as long as `tokens` has one for it; several samplers may share a bucket. */
export function atMost(inner: Sampler, tokens: Tokens): Sampler {
  return {
    name: 'at-most',
    rate: inner.rate,
    sample: randomness => (inner.sample(randomness).keep && tokens.take() ? keep : drop),
    peek: randomness => (inner.peek(randomness).keep && tokens.left() ? keep : drop)
  }
}
