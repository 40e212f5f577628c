// Somebody else's sketches as the oracle of ours: both promise 1 %, so that they are at most 2 % apart.
import { createRequire } from 'node:module'
import { add, emptyBins, merge, placeOf } from '../../src/sketch/bins.ts'
import { indexOf, sketchScale } from '../../src/sketch/scale.ts'
import { drawsOf } from '../draws.ts'

// https://github.com/DataDog/sketches-js
type DDSketch = {
  readonly accept: (value: number) => void
  readonly merge: (other: DDSketch) => void
  readonly getValueAtQuantile: (q: number) => number
  readonly count: number
}
type Library = { readonly DDSketch: new (options: { readonly relativeAccuracy: number }) => DDSketch }

/** What they disagree about, over latencies of several shapes, each counted in parts and merged. */
export function sketchComplaints(): string[] {
  const library: Library = createRequire(import.meta.url)('@datadog/sketches-js')
  const { uniform, latency } = drawsOf(99)
  const shapes: ReadonlyMap<string, () => number> = new Map([
    ['lognormal with a slow mode', latency],
    ['uniform', () => 1 + 999 * uniform()],
    ['microseconds to hours', () => 10 ** (-2.9 + 9.9 * uniform())],
    ['one value', () => 250]
  ])
  const complaints: string[] = []
  for (const [shape, draw] of shapes) {
    const ours = emptyBins()
    const theirs = new library.DDSketch({ relativeAccuracy: 0.01 })
    for (let part = 0; part < 4; part++) {
      const bins = emptyBins()
      const sketch = new library.DDSketch({ relativeAccuracy: 0.01 })
      for (let i = 0; i < 5_000; i++) {
        const value = draw()
        add(bins, indexOf(value))
        sketch.accept(value)
      }
      merge(ours, bins)
      theirs.merge(sketch)
    }
    if (ours.count !== theirs.count) complaints.push(`${shape}: ${ours.count} and ${theirs.count} values`)
    for (const q of [0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]) {
      // Theirs takes the rank below.
      const { index, within } = placeOf(ours, Math.floor(q * (ours.count - 1)) + 1)
      const [a, b] = [sketchScale.at(index, within), theirs.getValueAtQuantile(q)]
      if (!(Math.abs(a / b - 1) <= 0.0205)) complaints.push(`${shape}: at ${q} ${a} and ${b}`)
    }
  }
  return complaints
}
