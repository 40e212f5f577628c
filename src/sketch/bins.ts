// Counts in numbered bins, exact, in one growable array: what a sketch and a histogram have in common. It knows neither
// values nor clocks; what a bin stands for is in scale.ts.

/** Bin `first + i` holds `counts[i]`. Counts stay exact up to 2^53. */
export type Bins = { first: number; counts: Float64Array; count: number }

/** Any bins as others may read them. */
export type ReadonlyBins = {
  readonly first: number
  readonly counts: ArrayLike<number>
  readonly count: number
}

/** Room that a first value gets around it, so that its neighbours find some. */
const margin = 16

export function emptyBins(): Bins {
  return { first: 0, counts: new Float64Array(0), count: 0 }
}

/** Counts `amount` values of one bin. */
export function add(bins: Bins, index: number, amount = 1): void {
  let at = index - bins.first
  if (at < 0 || at >= bins.counts.length) {
    grow(bins, index)
    at = index - bins.first
  }
  bins.counts[at] = (bins.counts[at] ?? 0) + amount
  bins.count += amount
}

/** Doubles towards the side that lacks room: a stream of ever longer values copies each count few times. */
function grow(bins: Bins, index: number): void {
  const { first, counts } = bins
  const end = first + counts.length
  const empty = counts.length === 0
  const from = empty ? index - margin : Math.min(first, index < first ? index - counts.length : first)
  const to = empty ? index + margin : Math.max(end, index >= end ? index + counts.length : end)
  const grown = new Float64Array(to - from)
  grown.set(counts, empty ? 0 : first - from)
  bins.first = from
  bins.counts = grown
}

/** Adds all that `from` counted; the sum over parts is the same as if one had counted everything. */
export function merge(into: Bins, from: ReadonlyBins): void {
  for (let i = 0; i < from.counts.length; i++) {
    const amount = from.counts[i] ?? 0
    if (amount > 0) add(into, from.first + i, amount)
  }
}

/** What was counted between two snapshots; undefined when the later one is not a continuation of the earlier. */
export function subtract(later: ReadonlyBins, earlier: ReadonlyBins): Bins | undefined {
  const bins = emptyBins()
  merge(bins, later)
  for (let i = 0; i < earlier.counts.length; i++) {
    const amount = earlier.counts[i] ?? 0
    if (amount === 0) continue
    const at = earlier.first + i - bins.first
    const left = (bins.counts[at] ?? 0) - amount
    if (left < 0) return undefined
    bins.counts[at] = left
    bins.count -= amount
  }
  return bins
}

/** The bin of the value with this rank, 1 for the smallest, and how far into the bin it is, above 0 and up to 1. */
export function placeOf(
  { first, counts }: ReadonlyBins,
  rank: number
): { readonly index: number; readonly within: number } {
  let before = 0
  for (let i = 0; i < counts.length; i++) {
    const here = counts[i] ?? 0
    if (here > 0 && before + here >= rank) return { index: first + i, within: (rank - before) / here }
    before += here
  }
  throw new RangeError(`no value has the rank ${rank}`)
}
