// "How often is the gate wrong?", asked of what a running gateway recorded.
// Two hundred live rollouts are 600,000 requests, which test/heavy/gates.ts sends; here they are drawn from the sketches of
// some hundred real ones.
import t, { type Test } from 'tap'
import { quantileOf } from '../../src/gate/quantile.ts'
import { readReport } from '../../src/gate/report.ts'
import { periodOf } from '../../src/gate/tally.ts'
import { judge, parts } from '../../src/gate/verdict.ts'
import { add, emptyBins, placeOf, type ReadonlyBins } from '../../src/sketch/bins.ts'
import { sketchScale } from '../../src/sketch/scale.ts'
import { drawsOf, evenLatencies } from '../draws.ts'
import { sketched } from '../gate/rollouts.ts'
import { rolloutRules, send, type Targets } from '../rollout.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const settings = { p95Ratio: 1.2, errorRatio: 1.5, minSamples: 500, floorMs: 5 }

/** Times as long, so that what a busy machine adds does not show. */
const busy = 2.5

function targets(): Targets {
  return {
    base: { latency: evenLatencies(busy) },
    gray: { latency: evenLatencies(busy) },
    slow: { latency: evenLatencies(1.5 * busy) }
  }
}

function p95Of(bins: ReadonlyBins): number {
  return quantileOf(bins, sketchScale, 0.95)?.value ?? 0
}

const each = 400

/** What a gateway recorded of so many requests to each target; undefined where the machine was too busy to be on time. */
async function recording(t: Test): Promise<ReadonlyMap<string, ReadonlyBins> | undefined> {
  const { url, adminUrl } = await run(t, await rolloutRules(t, targets()))
  await send(url, sent => sent >= 3 * each, 40)
  const recorded = async () => {
    const read = readReport('', await (await fetch(`${adminUrl}/api/latency`)).json())
    if ('wrong' in read) throw new Error(read.wrong)
    return new Map(
      [...read.snapshot.series.values()].map(one => [one.tags.get('service.tag') ?? '', one.latency])
    )
  }
  const all = async () => [...(await recorded()).values()].reduce((sum, { count }) => sum + count, 0)
  await until(async () => (await all()) === 3 * each, 'every request is counted')
  const seen = await recorded()
  const onTime = [...seen].every(([tag, bins]) => {
    const drawn = p95Of(sketched(each, evenLatencies(busy * (tag === 'slow' ? 1.5 : 1))))
    return bins.count === each && Math.abs(p95Of(bins) / drawn - 1) < 0.08
  })
  return onTime ? seen : undefined
}

t.test('200 gates on what a gateway recorded', async t => {
  const seen = (await recording(t)) ?? (await recording(t)) ?? (await recording(t))
  if (seen === undefined) {
    t.pass('verdicts', { skip: 'this machine is too busy to answer on time' })
    return
  }
  const base = seen.get('base') ?? emptyBins()
  const { uniform } = drawsOf(1)
  const drawn = (bins: ReadonlyBins) => {
    const some = emptyBins()
    for (let i = 0; i < 1000 / parts; i++) {
      add(some, placeOf(bins, Math.floor(uniform() * bins.count) + 1).index)
    }
    return some
  }
  const verdicts = (tag: string) => {
    const candidate = seen.get(tag) ?? emptyBins()
    const count = { pass: 0, fail: 0, inconclusive: 0 }
    for (let i = 0; i < 200; i++) {
      const periods = Array.from({ length: parts }, () =>
        periodOf([
          { side: 'baseline', route: 'orders', errors: 0, latency: drawn(base) },
          { side: 'candidate', route: 'orders', errors: 0, latency: drawn(candidate) }
        ])
      )
      count[judge(periods, sketchScale, settings).verdict]++
    }
    return count
  }
  const equal = verdicts('gray')
  t.comment('equal latency', equal)
  t.ok(equal.fail <= 2, 'at most 1 % of equal candidates fail')
  t.ok(equal.pass > 100, 'and most pass')
  const slow = verdicts('slow')
  t.comment('1.5 times slower', slow)
  t.ok(slow.fail >= 170, 'at least 85 % of slower candidates fail')
  t.equal(slow.pass, 0, 'and none pass')
})
