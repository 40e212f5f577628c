// "How often is the gate wrong?", asked of a running gateway: 200 gates of equal releases and 200 of one that is 1.5 times
// slower, each over a window of its own with 1,000 requests of each side that really took their time.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { gate } from '../../src/cli/gate.ts'
import { quantileOf } from '../../src/gate/quantile.ts'
import { readReport } from '../../src/gate/report.ts'
import { between, type Series, type Snapshot } from '../../src/gate/snapshot.ts'
import { emptyBins, merge } from '../../src/sketch/bins.ts'
import { sketchScale } from '../../src/sketch/scale.ts'
import { run as runCommand } from '../cli/run.ts'
import { drawsOf } from '../draws.ts'
import { sketched } from '../gate/rollouts.ts'
import { startCallers, startLanes } from '../lanes.ts'

const lanes = 20
const rounds = 10
const samples = 1_000
/** Callers that are added to each lane, in turn. */
const crowds = [20, 20, 40, 80]
/** Times what was drawn. */
const punctual = 1.08
/** Times as long, so that what a busy machine adds shows less: 920 ms at p95. */
const longer = 10

t.setTimeout(1_200_000)

async function snapshotOf(adminUrl: string): Promise<Snapshot> {
  const read = readReport('', await (await fetch(`${adminUrl}/api/latency`)).json())
  if ('wrong' in read) throw new Error(read.wrong)
  return read.snapshot
}

function p95Of(series: readonly Series[], tag: string): number {
  const all = emptyBins()
  for (const { tags, latency } of series) if (tags.get('service.tag') === tag) merge(all, latency)
  return quantileOf(all, sketchScale, 0.95)?.value ?? Number.POSITIVE_INFINITY
}

type Settled = {
  /** Requests a second that each target of a lane gets. */
  readonly rate: number
  readonly stop: () => void
}

type Pace = { readonly perSecond: number; readonly late: number }

/** Requests a second, and how many times as long as drawn they take. */
async function paceOf(adminUrl: string, drawn: number): Promise<Pace> {
  const before = await snapshotOf(adminUrl)
  const from = performance.now()
  await sleep(3_000)
  const series = between(before, await snapshotOf(adminUrl)) ?? []
  const served = series.reduce((sum, { latency }) => sum + latency.count, 0)
  return {
    perSecond: served / ((performance.now() - from) / 1000),
    late: p95Of(series, 'base') / drawn
  }
}

/** Adds callers as long as they are served in time; undefined where the machine has no time for the first. */
async function settled(t: Test, port: number, adminUrl: string, drawn: number): Promise<Settled | undefined> {
  const stops: (() => void)[] = []
  let rate = 0
  let callers = 0
  for (const more of crowds) {
    const stop = startCallers(port, lanes, more)
    t.teardown(stop)
    callers += lanes * more
    // Those of the crowd that began at one moment are spread by then.
    await sleep(3_000)
    let pace = await paceOf(adminUrl, drawn)
    // Half as many callers take twice as long, so one bad moment does not decide it.
    for (let again = 0; again < 2 && pace.late > punctual; again++) pace = await paceOf(adminUrl, drawn)
    const { perSecond, late } = pace
    t.comment(`${callers} callers: ${perSecond.toFixed(0)} a second, p95 ${late.toFixed(2)} times as drawn`)
    if (late > punctual) {
      stop()
      break
    }
    stops.push(stop)
    rate = perSecond / lanes / 3
  }
  if (rate === 0) return undefined
  const stop = () => {
    for (const each of stops) each()
  }
  return { rate, stop }
}

type Seen = {
  readonly verdict: string
  readonly why: readonly string[]
  readonly requests: number
  readonly ratio: number
}

t.test('200 gates of each kind, each over its own live window', async t => {
  const started = performance.now()
  const draws = [drawsOf(1), drawsOf(2), drawsOf(3)] as const
  const reference = drawsOf(4)
  const { port, adminUrl } = await startLanes(t, lanes, {
    base: () => longer * draws[0].latency(),
    gray: () => longer * draws[1].latency(),
    slow: () => 1.5 * longer * draws[2].latency()
  })
  const many = sketched(100_000, () => longer * reference.latency())
  const drawn = quantileOf(many, sketchScale, 0.95)?.value ?? 0
  const found = await settled(t, port, adminUrl, drawn)
  if (found === undefined) {
    t.pass('verdicts', { skip: 'this machine is too busy to answer on time' })
    return
  }
  const { rate, stop } = found
  /** Milliseconds. */
  const usual = (1_030 * samples) / rate

  const gated = async (lane: number, tag: string, ms: number): Promise<Seen> => {
    const window = Math.ceil(ms)
    const side = (of: string) => `service.tag=${of},lane=${lane}`
    const { stdout } = await runCommand(gate, [
      ...['--admin', adminUrl, '--baseline', side('base'), '--candidate', side(tag)],
      ...['--window', `${window}ms`, '--for', `${window}ms`, '--warm-up', '0s', '--json']
    ])
    const { verdict, why, comparison, latency } = JSON.parse(stdout)
    const { baseline, candidate } = comparison
    const requests = Math.min(baseline.requests, candidate.requests)
    return { verdict, why, requests, ratio: latency.ratio?.value ?? 0 }
  }
  /** Lanes begin one after the other: gates that all ask at one moment would be what is slow. */
  const watched = async (lane: number) => {
    let window = usual
    await sleep((lane * window) / 5 / lanes)
    const seen: { readonly gray: Seen; readonly slow: Seen }[] = []
    for (let i = 0; i < rounds; i++) {
      const [gray, slow] = await Promise.all([gated(lane, 'gray', window), gated(lane, 'slow', window)])
      // A machine that is busier now than it was needs longer for a thousand.
      const fewest = Math.min(gray.requests, slow.requests)
      window *= Math.min(2, Math.max(0.5, (1.03 * samples) / Math.max(1, fewest)))
      seen.push({ gray, slow })
    }
    return seen
  }
  const all = (await Promise.all(Array.from({ length: lanes }, (_, lane) => watched(lane)))).flat()
  stop()

  const summed = (tag: 'gray' | 'slow') => {
    const gates = all.map(one => one[tag])
    const count = (verdict: string) => gates.filter(one => one.verdict === verdict).length
    const ratios = gates.map(({ ratio }) => ratio).sort((a, b) => a - b)
    return {
      gates: gates.length,
      pass: count('pass'),
      fail: count('fail'),
      inconclusive: count('inconclusive'),
      open: [...new Set(gates.flatMap(({ verdict, why }) => (verdict === 'inconclusive' ? why : [])))],
      fewestRequests: Math.min(...gates.map(({ requests }) => requests)),
      meanRequests: Math.round(gates.reduce((sum, { requests }) => sum + requests, 0) / gates.length),
      medianRatio: Number(ratios[ratios.length >> 1]?.toFixed(3))
    }
  }
  const equal = summed('gray')
  const slow = summed('slow')
  t.comment(
    `windows of about ${(usual / 1000).toFixed(1)} s; all in ${((performance.now() - started) / 1000).toFixed(0)} s`
  )
  t.comment('equal latency', equal)
  t.comment('1.5 times slower', slow)
  t.equal(equal.gates, 200)
  t.ok(
    Math.min(equal.meanRequests, slow.meanRequests) >= 0.95 * samples,
    'on 1,000 requests of each side, as far as the machine keeps its pace'
  )
  t.ok(equal.fail <= 2, `at most 1 % of equal candidates fail: ${equal.fail} of 200`)
  t.ok(equal.pass > 100, `and most pass: ${equal.pass}`)
  t.ok(slow.fail >= 170, `at least 85 % of slower candidates fail: ${slow.fail} of 200`)
  t.equal(slow.pass, 0, 'and none pass')
})
