import t from 'tap'
import type { Numbers } from '../numbers.ts'
import { settings } from '../settings.ts'
import { barsOf } from './bars.ts'
import { costOf, sample, workersOf } from './sample.ts'

function verdict(numbers: Numbers, what: string): string | undefined {
  return barsOf(numbers).find(bar => bar.what.includes(what))?.met
}

t.test('a bar is met up to its limit, and its stretch is said', async t => {
  t.equal(verdict(sample, 'own bare setting'), 'yes', '45 over 42')
  t.equal(verdict(sample, 'the heart'), 'stretch', '1 µs')
  t.equal(verdict(sample, 'over nginx'), 'yes')
  t.equal(verdict(sample, '10,000 idle'), 'stretch', '90 MiB are 94 MB')
  t.notOk(barsOf(sample).some(({ met }) => met === 'no' || met === 'unknown'))
})

t.test('a bar that is missed is said to be', async t => {
  const costs = [...sample.costs.filter(({ contender }) => contender !== settings.at30.name)]
  const slow = { ...sample, costs: [...costs, costOf(settings.at30.name, [52, 52, 52])] }
  t.equal(verdict(slow, 'own bare setting'), 'no')
  t.equal(verdict(slow, 'over Caddy'), 'no')
  const dear = { ...sample, curves: [workersOf([50, 50], [60, 60])] }
  t.equal(verdict(dear, 'two workers'), 'no', '2 × 50 / 60')
})

t.test('what was not measured is unknown, not met', async t => {
  t.equal(verdict({ ...sample, heart: [] }, 'the heart'), 'unknown')
  t.equal(verdict({ ...sample, idle: { failed: 'too few files' } }, '10,000 idle'), 'unknown')
  if ('failed' in sample.idle) throw new Error('the sample has idle connections')
  const few = { ...sample.idle, connections: 9000 }
  t.equal(verdict({ ...sample, idle: few }, '10,000 idle'), 'unknown', 'with fewer connections')
  const without = sample.costs.filter(({ contender }) => contender !== 'Caddy')
  t.equal(verdict({ ...sample, costs: without }, 'over Caddy'), 'unknown')
})
