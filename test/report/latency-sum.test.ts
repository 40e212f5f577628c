import fc from 'fast-check'
import t from 'tap'
import { readReport } from '../../src/gate/report.ts'
import { createLatency, type LatencySeries } from '../../src/report/latency.ts'
import { sumLatency } from '../../src/report/latency-sum.ts'
import { outcomeOf, start, target } from './outcomes.ts'

const attempts = fc.record({
  tag: fc.constantFrom('base', 'gray'),
  status: fc.constantFrom(200, 503),
  took: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
  process: fc.nat({ max: 2 })
})

t.test('the sum of several processes is what one would have counted, and can be summed again', async t => {
  const ordered = (series: readonly LatencySeries[]) =>
    [...series].sort((a, b) => (JSON.stringify(a.tags) < JSON.stringify(b.tags) ? -1 : 1))
  const adds = fc.property(fc.array(attempts, { maxLength: 40 }), all => {
    const whole = createLatency(() => start, 'whole')
    const parts = [0, 1, 2].map(() => createLatency(() => start, 'part'))
    for (const { tag, status, took, process } of all) {
      const served = { ...target, tags: new Map([['service.tag', tag]]), serviceTag: tag }
      const outcome = outcomeOf({}, { tries: [{ target: served, status, start, end: start + took }] })
      whole.request(outcome)
      parts[process]?.request(outcome)
    }
    const [first, ...others] = parts.map(part => part.report('part'))
    const summed = sumLatency([sumLatency(others), ...(first === undefined ? [] : [first])])
    const expected = whole.report('gateway-0')
    t.same(ordered(summed.series), ordered(expected.series))
    const read = readReport('', { ...expected, ...summed })
    t.notOk('wrong' in read)
  })
  fc.assert(adds, { numRuns: 30 })
})

t.test('tags in another order are the same, and what had no room is added up', async t => {
  const sketch = { gamma: 1.02, first: 5, counts: [1] }
  const series = (tags: Readonly<Record<string, string>>) => ({
    route: 'a',
    tags,
    count: 1,
    errors: 0,
    sketch
  })
  const summed = sumLatency([
    { beyond: 2, series: [series({ a: '1', b: '2' })] },
    { beyond: 3, series: [series({ b: '2', a: '1' })] }
  ])
  t.match(summed, { beyond: 5, series: [{ count: 2, sketch: { first: 5, counts: [2] } }] })
  t.equal(summed.series.length, 1)
})
