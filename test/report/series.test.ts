import t from 'tap'
import { createCounter, createHistogram, createReading } from '../../src/report/series.ts'

t.test('a counter adds up by its label values', async t => {
  const counter = createCounter('hits', 'Hits.', ['path', 'method'])
  counter.add(['/a', 'GET'])
  counter.add(['/a', 'GET'], 2)
  counter.add(['/b', 'GET'])
  t.strictSame(counter.samples(), [
    {
      suffix: '_total',
      labels: [
        ['path', '/a'],
        ['method', 'GET']
      ],
      value: 3
    },
    {
      suffix: '_total',
      labels: [
        ['path', '/b'],
        ['method', 'GET']
      ],
      value: 1
    }
  ])
})

t.test('a label without a value is left out, and one metric may have no labels at all', async t => {
  const counter = createCounter('hits', 'Hits.', ['path', 'method'])
  counter.add(['', 'GET'])
  t.strictSame(counter.samples()[0]?.labels, [['method', 'GET']])
  const plain = createCounter('hits', 'Hits.', [])
  plain.add([])
  t.strictSame(plain.samples(), [{ suffix: '_total', labels: [], value: 1 }])
})

t.test('label values that look alike when put together are kept apart', async t => {
  const counter = createCounter('hits', 'Hits.', ['a', 'b'])
  counter.add(['x', 'yz'])
  counter.add(['xy', 'z'])
  counter.add(['x,y', 'z'])
  t.equal(counter.samples().length, 3)
})

t.test('2,000 sets of label values are kept apart, what comes after counts as other', async t => {
  const counter = createCounter('hits', 'Hits.', ['path', 'method'])
  for (let i = 0; i < 2_500; i++) counter.add([`/${i}`, 'GET'])
  counter.add(['/0', 'GET'])
  counter.add(['/2499', 'GET'])
  const samples = counter.samples()
  t.equal(samples.length, 2_001)
  t.match(samples[0], { value: 2 })
  t.strictSame(samples[2_000], {
    suffix: '_total',
    labels: [
      ['path', 'other'],
      ['method', 'other']
    ],
    value: 501
  })
  const total = samples.reduce((sum, { value }) => sum + value, 0)
  t.equal(total, 2_502, 'nothing is lost')
})

t.test('histograms are capped alike, and no observation is lost', async t => {
  const histogram = createHistogram('time', 'Time.', ['path'], [1])
  for (let i = 0; i < 2_100; i++) histogram.observe([`/${i}`], 2)
  const counts = histogram.samples().filter(({ suffix }) => suffix === '_count')
  t.equal(counts.length, 2_001)
  t.match(counts[2_000], { labels: [['path', 'other']], value: 100 })
})

t.test('a histogram’s buckets are cumulative, and a bound belongs to its own bucket', async t => {
  const histogram = createHistogram('time', 'Time.', [], [0.1, 1])
  for (const value of [0.05, 0.1, 0.10001, 1, 7]) histogram.observe([], value)
  const [first, second, last, sum, count] = histogram.samples()
  t.strictSame(first, { suffix: '_bucket', labels: [], le: '0.1', value: 2 })
  t.strictSame(second, { suffix: '_bucket', labels: [], le: '1', value: 4 })
  t.strictSame(last, { suffix: '_bucket', labels: [], le: '+Inf', value: 5 })
  t.match(sum, { suffix: '_sum', labels: [] })
  t.ok(Math.abs((sum?.value ?? 0) - 8.25001) < 1e-9)
  t.strictSame(count, { suffix: '_count', labels: [], value: 5 })
})

t.test('gauges and read counters are asked when they are read', async t => {
  let now = 1
  const gauge = createReading('gauge', 'depth', 'Depth.', ['queue'], () => [[['a'], now]])
  const counter = createReading('counter', 'seen', 'Seen.', ['queue'], () => [[['a'], now]])
  now = 7
  t.strictSame(gauge.samples(), [{ suffix: '', labels: [['queue', 'a']], value: 7 }])
  t.strictSame(counter.samples(), [{ suffix: '_total', labels: [['queue', 'a']], value: 7 }])
})
