// Sketches against a plain sorted list of the same values, whatever the values are.
import fc from 'fast-check'
import t from 'tap'
import { add, type Bins, emptyBins, merge, placeOf, subtract } from '../../src/sketch/bins.ts'
import { bucketScale, indexOf, sketchScale } from '../../src/sketch/scale.ts'
import { readSketch, writeSketch } from '../../src/sketch/written.ts'

/** Milliseconds, from a microsecond to a day, small ones as likely as large ones. */
const values = fc.array(
  fc.double({ min: Math.log(0.001), max: Math.log(8.64e7), noNaN: true }).map(Math.exp),
  { minLength: 1, maxLength: 300 }
)
const quantile = fc.double({ min: 0, max: 1, noNaN: true })

function sketchOf(list: readonly number[]): Bins {
  const bins = emptyBins()
  for (const value of list) add(bins, indexOf(value))
  return bins
}

function valueAt(bins: Bins, rank: number): number {
  const { index, within } = placeOf(bins, rank)
  return sketchScale.at(index, within)
}

t.test('every quantile is within 1 % of that of the sorted values, and the count is exact', async t => {
  fc.assert(
    fc.property(values, quantile, (list, q) => {
      const bins = sketchOf(list)
      const rank = Math.max(1, Math.ceil(q * list.length))
      const exact = list.toSorted((a, b) => a - b)[rank - 1] ?? 0
      return bins.count === list.length && Math.abs(valueAt(bins, rank) / exact - 1) <= 0.01
    })
  )
  t.pass()
})

t.test('parts add up to what one would have counted, in any order', async t => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const sum = emptyBins()
      for (const part of [c, a, b]) merge(sum, sketchOf(part))
      t.same(writeSketch(sum), writeSketch(sketchOf([...a, ...b, ...c])))
    }),
    { numRuns: 30 }
  )
})

t.test('what came between two snapshots is what was counted in between', async t => {
  fc.assert(
    fc.property(values, values, (before, since) => {
      const earlier = sketchOf(before)
      const between = subtract(sketchOf([...before, ...since]), earlier)
      t.same(between && writeSketch(between), writeSketch(sketchOf(since)))
      t.equal(between?.count, since.length)
    }),
    { numRuns: 30 }
  )
})

t.test('counts that went back have no difference', async t => {
  t.equal(subtract(sketchOf([1, 2]), sketchOf([1, 1])), undefined)
  t.equal(subtract(sketchOf([1, 2, 3]), sketchOf([500])), undefined)
  t.equal(subtract(emptyBins(), sketchOf([1])), undefined)
  t.equal(subtract(sketchOf([1]), emptyBins())?.count, 1)
})

t.test('what is no duration counts as the shortest, what is endless as the longest', async t => {
  for (const wrong of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY]) t.equal(indexOf(wrong), indexOf(0.0001))
  t.equal(indexOf(Number.POSITIVE_INFINITY), indexOf(1e12))
})

t.test('a sketch comes back from JSON as it was, and small', async t => {
  fc.assert(
    fc.property(values, list => {
      const written = JSON.parse(JSON.stringify(writeSketch(sketchOf(list))))
      const read = readSketch(written)
      t.same(read && writeSketch(read), written)
    }),
    { numRuns: 30 }
  )
  t.same(readSketch(writeSketch(emptyBins())), emptyBins())
  const busy = sketchOf(Array.from({ length: 100_000 }, (_, i) => 5 + (i % 400)))
  t.ok(JSON.stringify(writeSketch(busy)).length < 2_000, 'a busy route')
})

t.test('what is no sketch is refused', async t => {
  const sound = { gamma: 1.02, first: 0, counts: [1, 2] }
  t.ok(readSketch(sound))
  for (const wrong of [
    { ...sound, gamma: 1.01 },
    { ...sound, first: 0.5 },
    { ...sound, first: Number.NaN },
    { ...sound, first: -1e9 },
    { ...sound, first: 1e9 },
    { ...sound, counts: [1, -1] },
    { ...sound, counts: [0.5] },
    { ...sound, counts: [2 ** 53] },
    { ...sound, counts: [2 ** 52, 2 ** 52] },
    { ...sound, counts: new Array<number>(100_000).fill(1) }
  ]) {
    t.equal(readSketch(wrong), undefined, JSON.stringify(wrong).slice(0, 80))
  }
})

t.test('the values of a bucket are spread evenly, those beyond the last are endless', async t => {
  const scale = bucketScale([100, 200])
  t.equal(scale.at(0, 0.5), 50)
  t.equal(scale.at(1, 0.25), 125)
  t.equal(scale.at(2, 0.5), 200, 'of what is beyond, the last bound is known')
  t.same([0, 1, 2, 3].map(scale.isEndless), [false, false, true, true])
  t.equal(bucketScale([]).at(0, 0.5), 0)
  t.notOk(sketchScale.isEndless(1_000))
  t.ok(scale.coarse && !sketchScale.coarse)
})

t.test('a rank that no value has is a mistake', async t => {
  t.throws(() => placeOf(sketchOf([1]), 2), RangeError)
})
