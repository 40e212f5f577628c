import t from 'tap'
import { chartText } from './chart.ts'
import { sample } from './sample.ts'
import { page, text, ticks, tickText } from './svg.ts'

const chart = chartText(sample)

t.test('every contender that ran has its bar, the cheapest first', async t => {
  const names = [...chart.matchAll(/text-anchor="end">([^<]+)<\/text>\n<rect/g)].map(([, name]) => name)
  t.strictSame(names, [
    'nginx',
    'bare pipe',
    'tracebridge, bare',
    'tracebridge, spans at 30 %',
    'Caddy',
    'http-proxy-3'
  ])
})

t.test('a curve has a dot for each point, and one of the pipe beside it', async t => {
  t.equal(chart.match(/<circle class="ours"/g)?.length, 5, 'three fields, two workers')
  t.equal(chart.match(/<circle class="other"/g)?.length, 3)
  t.match(chart, />header fields</, 'its axis says what grows')
})

t.test('it is well-formed and stays within its page', async t => {
  const [, width = '', height = ''] = /viewBox="0 0 (\d+) (\d+)"/.exec(chart) ?? []
  t.notMatch(chart, /NaN|undefined|Infinity/)
  for (const [, axis, value] of chart.matchAll(/ c?(x|y)[12]?="(-?[\d.]+)"/g)) {
    t.ok(Number(value) >= 0 && Number(value) <= Number(axis === 'x' ? width : height), `${axis} ${value}`)
  }
})

t.test('it can be drawn of nothing at all', async t => {
  t.notMatch(chartText({ ...sample, costs: [], curves: [] }), /NaN|Infinity/)
})

t.test('it follows the scheme of who reads it', async t => {
  t.match(chart, '@media (prefers-color-scheme: dark)')
})

t.test('text is escaped', async t => {
  t.match(text(0, 0, 'a < b & "c"', 'soft'), 'a &lt; b &amp; &quot;c&quot;')
  t.match(page(1, 1, '"', []), 'aria-label="&quot;"')
})

t.test('ticks are round, begin at nothing and reach the most', async t => {
  t.strictSame(ticks(93, 5), [0, 20, 40, 60, 80, 100])
  t.strictSame(ticks(0.7, 4), [0, 0.2, 0.4, 0.6, 0.8])
  t.strictSame(ticks(100, 5), [0, 20, 40, 60, 80, 100])
  t.strictSame(ticks(0, 5), [0, 1])
  t.equal(tickText(1500), '1.5k')
})
