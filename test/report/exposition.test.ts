import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { expose } from '../../src/report/exposition.ts'
import { createCounter, createHistogram, createReading } from '../../src/report/series.ts'
import { parseMetrics, readingOf } from './prometheus-text.ts'

const openMetrics = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3'

t.test('Prometheus text, to the letter', async t => {
  const counter = createCounter('hits', 'Hits, all of them.', ['path'])
  counter.add(['/a'])
  const { contentType, text } = expose([counter], undefined)
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  t.equal(text, '# HELP hits_total Hits, all of them.\n# TYPE hits_total counter\nhits_total{path="/a"} 1\n')
})

t.test(
  'OpenMetrics to a scraper that asks for it: counters by their bare name, # EOF at the end',
  async t => {
    const counter = createCounter('hits', 'Hits, all of them.', ['path'])
    counter.add(['/a'])
    const { contentType, text } = expose([counter], openMetrics)
    t.equal(contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    t.equal(text, '# HELP hits Hits, all of them.\n# TYPE hits counter\nhits_total{path="/a"} 1\n# EOF\n')
  }
)

t.test('no metric at all is no line, or the end alone', async t => {
  t.equal(expose([], openMetrics).text, '# EOF\n')
  t.equal(parseMetrics(expose([createCounter('hits', 'Hits.', [])], '*/*').text, 'prometheus').size, 1)
})

t.test('backslashes, quotes and line feeds are escaped in labels and help', async t => {
  const counter = createCounter('hits', 'a\\b "c"\nd', ['path'])
  counter.add(['a\\b "c"\nd\\n'])
  const plain = expose([counter], undefined).text
  t.match(plain, 'hits_total{path="a\\\\b \\"c\\"\\nd\\\\n"} 1\n')
  t.match(plain, '# HELP hits_total a\\\\b "c"\\nd\n')
  t.match(expose([counter], openMetrics).text, '# HELP hits a\\\\b \\"c\\"\\nd\n')
})

t.test('whatever labels and numbers hold, a strict reader gets them back in both formats', async t => {
  const texts = fc.array(
    fc.tuple(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ unit: fc.constantFrom(...'a\\"\n{},= ') })
    ),
    { maxLength: 5 }
  )
  const amounts = fc.double({ min: 0, max: 1e30, noNaN: true })
  fc.assert(
    fc.property(texts, amounts, (list, amount) => {
      const labels = list.filter(([a, b]) => !`${a}${b}`.includes('\0'))
      const counter = createCounter('hits', 'Hits.', ['a', 'b'])
      const histogram = createHistogram('time', 'Time.', ['a', 'b'], [0.5, 1])
      const gauge = createReading('gauge', 'depth', 'Depth.', [], () => [[[], amount]])
      for (const values of labels) {
        counter.add(values)
        histogram.observe(values, amount)
      }
      for (const [format, accept] of [
        ['prometheus', undefined],
        ['openmetrics', openMetrics]
      ] as const) {
        const families = parseMetrics(expose([counter, histogram, gauge], accept).text, format)
        assert.equal(readingOf(families.get('depth'), 'depth'), amount)
        for (const [a, b] of labels) {
          const wanted = { a, ...(b === '' ? {} : { b }) }
          const times = labels.filter(other => other[0] === a && other[1] === b).length
          assert.equal(readingOf(families.get('hits'), 'hits_total', wanted), times)
          assert.equal(readingOf(families.get('time'), 'time_count', wanted), times)
        }
      }
    }),
    { numRuns: 300 }
  )
  t.pass('every text')
})
