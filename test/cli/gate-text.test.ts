// Verdicts as text, for what a gateway of one route never shows: several routes, errors, names that XML cannot hold.
import t from 'tap'
import { duration, percent, shown } from '../../src/cli/figures.ts'
import { type GateResult, gateText, junitText } from '../../src/cli/gate-text.ts'
import { comparisonOf } from '../../src/gate/compare.ts'
import { together } from '../../src/gate/tally.ts'
import { judge } from '../../src/gate/verdict.ts'
import { sketchScale } from '../../src/sketch/scale.ts'
import { drawsOf } from '../draws.ts'
import { type Share, windowOf } from '../gate/rollouts.ts'

const { latency } = drawsOf(21)
const limits = { p95Ratio: 1.2, errorRatio: 1.5, floorMs: 5 }

function resultOf(...shares: readonly Share[]): GateResult {
  const periods = windowOf(...shares)
  const { verdict, why, latency: found, errors } = judge(periods, sketchScale, { ...limits, minSamples: 500 })
  return {
    verdict,
    why,
    notes: ['a note'],
    source: 'sketches of one gateway',
    coarse: true,
    baseline: 'service.tag=base',
    candidate: 'service.tag=gray',
    limits,
    comparison: comparisonOf(together(periods), null, 300, sketchScale),
    latency: { finding: found.finding, ratio: found.ratio ?? null, routes: found.routes },
    errors
  }
}

function share(route: string, errors = 0): Share {
  return { route, baseline: { requests: 400, latency }, candidate: { requests: 400, latency, errors } }
}

t.test('several routes, and all of them together', async t => {
  const text = gateText(resultOf(share('orders'), share('-', 40)))
  t.match(text, /^FAIL {2}the candidate fails more than 1\.50 times as often as the baseline \(-\)\n/)
  t.match(text, /\norders +\S+ ms +\S+ ms +\S+ \(\S+ to \S+\) +1\.2 +within\n- +/)
  t.match(text, /\ntogether +\S+ \(\S+ to \S+\) +1\.2 +within\n/)
  t.match(text, /\nerrors of -: 0 % and 10 %, over the line of 1\.5 times\n/)
  t.match(text, /\nmeasured 300 s, .*\nnote: latencies are from histogram buckets.*\nnote: a note\n$/)
  for (const line of text.split('\n')) t.equal(line, line.trimEnd())
})

t.test('errors that are doubted are not said to be over the line', async t => {
  const thin: Share = {
    route: 'thin',
    baseline: { requests: 1, latency },
    candidate: { requests: 50, latency, errors: 4 }
  }
  t.match(
    gateText(resultOf(share('orders'), thin)),
    /\nerrors of thin: 0 % and 8 %, not proven over the line of 1\.5 times\n/
  )
})

t.test('JUnit holds any name', async t => {
  const text = junitText(resultOf(share('a<b>&"c"\u0000\ufffe')))
  t.match(text, 'name="p95 of a&lt;b&gt;&amp;&quot;c&quot;"')
  t.notMatch(text, /[\u0000\ufffe]/)
  t.equal(text.split('<testcase').length - 1, 3)
})

t.test('numbers have three digits that matter', async t => {
  t.same([0.5, 12.345, 999.4, 1250, 61_000].map(duration), ['0.5 ms', '12.3 ms', '999 ms', '1.25 s', '61 s'])
  t.same([0, 0.00042, 0.1234, 1].map(percent), ['0 %', '0.042 %', '12.3 %', '100 %'])
  t.equal(shown(null, percent), '-')
  t.equal(shown({ value: 0.1, low: 0, high: null }, percent), '10 % (0 % to ?)')
  t.equal(shown({ value: 1e4, low: 5e3, high: null, atLeast: true }, duration), '> 10 s (5 s to ?)')
})
