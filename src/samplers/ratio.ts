// Keeps a fixed share of traces: the same ones at every hop that keeps as many or more.
import { keeps, thresholdFor } from '../trace/probability.ts'
import type { Sampled, Sampler } from './sampler.ts'

/** Keeps the share `p` of traces, 0 to 1. */
export function ratio(p: number): Sampler {
  const threshold = thresholdFor(p)
  const keep: Sampled = { keep: true, threshold }
  const drop: Sampled = { keep: false, threshold }
  const sample = (randomness: string) =>
    threshold !== undefined && keeps(randomness, threshold) ? keep : drop
  return { name: 'ratio', rate: () => p, sample, peek: sample }
}
