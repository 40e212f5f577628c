// Bins as they travel in JSON, and back. What comes from another process is checked: a sketch that does not add up is none.
import { type Bins, emptyBins, merge, type ReadonlyBins } from './bins.ts'
import { gamma, inRange } from './scale.ts'

/** `counts` of the bins from number `first` on, without empty ones at either end. */
export type WrittenSketch = {
  readonly gamma: number
  readonly first: number
  readonly counts: readonly number[]
}

export function writeSketch({ first, counts, count }: ReadonlyBins): WrittenSketch {
  if (count === 0) return { gamma, first: 0, counts: [] }
  let from = 0
  let to = counts.length
  while (counts[from] === 0) from++
  while (counts[to - 1] === 0) to--
  return { gamma, first: first + from, counts: Array.from(counts).slice(from, to) }
}

/** Undefined for what is no sketch of this scale. */
export function readSketch(written: WrittenSketch): Bins | undefined {
  const { first, counts } = written
  if (written.gamma !== gamma || !Number.isInteger(first) || !inRange(first, counts.length)) return undefined
  if (!counts.every(count => Number.isSafeInteger(count) && count >= 0)) return undefined
  const count = counts.reduce((sum, one) => sum + one, 0)
  if (!Number.isSafeInteger(count)) return undefined
  const bins = emptyBins()
  merge(bins, { first, counts, count })
  return bins
}
