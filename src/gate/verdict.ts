// The verdict on a rollout, from what was counted: pass, fail, or not known yet, always with the reason. It has no clock
// and no source, and what it has not been shown it does not presume to be well.
import type { Scale } from '../sketch/scale.ts'
import { type ErrorFinding, errorsOf } from './errors.ts'
import { type LatencyFinding, latencyOf, type RouteLatency } from './latency.ts'
import type { Estimate } from './quantile.ts'
import { type Period, sideOf, together } from './tally.ts'
import { uncomparedOf } from './uncompared.ts'

export type GateSettings = {
  readonly p95Ratio: number
  readonly errorRatio: number
  /** Requests of each side, on routes that both served, below which nothing is said of latency. */
  readonly minSamples: number
  readonly floorMs: number
}

export type Verdict = 'pass' | 'fail' | 'inconclusive'

export type Judgement = {
  readonly verdict: Verdict
  /** For people; what decided comes first. */
  readonly why: readonly string[]
  /** What people should know beside it. */
  readonly notes: readonly string[]
  /** There was enough to judge by, and it proves neither side of the line. */
  readonly enough: boolean
  readonly latency: LatencyFinding
  readonly errors: ErrorFinding
  /** Requests of each side on routes that both served often enough. */
  readonly compared: { readonly baseline: number; readonly candidate: number }
}

/** Parts of a window in which the direction is compared. */
export const parts = 5

/** Judges stretches of time that follow one another as five of about the same length. */
export function judge(periods: readonly Period[], scale: Scale, settings: GateSettings): Judgement {
  const windows = inParts(periods)
  const whole = together(windows)
  const latency = latencyOf(whole, windows, scale, settings)
  const errors = errorsOf(whole, windows, settings.errorRatio)
  const compared = {
    baseline: latency.routes.reduce((sum, { requests }) => sum + requests.baseline, 0),
    candidate: latency.routes.reduce((sum, { requests }) => sum + requests.candidate, 0)
  }
  const uncompared = uncomparedOf(whole, latency.routes)
  const shown = { latency, errors, compared, notes: uncompared === undefined ? [] : [uncompared.text] }
  const lacking = lackOf(whole, compared, settings)
  const failing = failingOf(shown, settings, lacking === undefined)
  if (failing.length > 0) return { verdict: 'fail', why: failing, enough: true, ...shown }
  const unseen =
    uncompared !== undefined && Math.max(uncompared.baseline, uncompared.candidate) > negligible
      ? uncompared.text
      : undefined
  const missing = lacking ?? stopOf(windows) ?? unseen
  if (missing !== undefined) return { verdict: 'inconclusive', why: [missing], enough: false, ...shown }
  const open = openOf(shown, settings, sideOf(whole, 'candidate').latency.count)
  return open.length > 0
    ? { verdict: 'inconclusive', why: open, enough: true, ...shown }
    : {
        verdict: 'pass',
        why: [`p95 is proven to be below ${settings.p95Ratio} times the baseline's, or within the floor`],
        enough: true,
        ...shown
      }
}

/** As five: those that are left over go to the first ones. */
function inParts(periods: readonly Period[]): readonly Period[] {
  const windows: Period[] = []
  for (let i = 0; i < parts; i++) {
    const from = Math.round((i * periods.length) / parts)
    const to = Math.round(((i + 1) * periods.length) / parts)
    windows.push(together(periods.slice(from, to)))
  }
  return windows
}

type Shown = Pick<Judgement, 'latency' | 'errors' | 'compared'>

/** Share of the requests up to which nothing need be known of them. */
const negligible = 0.1

function lackOf(
  whole: Period,
  { baseline, candidate }: Judgement['compared'],
  { minSamples }: GateSettings
): string | undefined {
  const served = {
    baseline: sideOf(whole, 'baseline').latency.count,
    candidate: sideOf(whole, 'candidate').latency.count
  }
  if (served.baseline === 0 && served.candidate === 0) return 'no requests of either side'
  if (served.baseline === 0) return 'no requests of the baseline'
  if (served.candidate === 0) return 'no requests of the candidate'
  if (Math.min(baseline, candidate) < minSamples) {
    return `too few requests on routes that both sides served: ${baseline} of the baseline and ${candidate} of the candidate, ${minSamples} are needed of each`
  }
  return undefined
}

/** Requests of the baseline in the last part, from which on a candidate that got none is taken to be gone. */
const stillServing = 20

/** A candidate that left is no longer what it was measured as: others stand in for it, and fail for it nowhere. */
function stopOf(windows: readonly Period[]): string | undefined {
  const last = windows.at(-1) ?? new Map()
  const gone =
    sideOf(last, 'candidate').latency.count === 0 && sideOf(last, 'baseline').latency.count >= stillServing
  return gone
    ? 'the candidate served nothing in the last fifth of the time, though the baseline did'
    : undefined
}

/** Errors prove themselves however few requests there were; a p95 of few requests is none. */
function failingOf({ latency, errors }: Shown, settings: GateSettings, enough: boolean): string[] {
  const why: string[] = []
  if (enough && latency.finding === 'over') {
    const routes = latency.routes.filter(({ finding }) => finding === 'over')
    for (const { route, ratio, line } of routes) {
      why.push(`p95 of ${route} is ${timesOf(ratio)} the baseline's, the line is ${times(line)}`)
    }
    if (routes.length === 0 && latency.ratio !== undefined) {
      why.push(
        `p95 over all routes is ${times(latency.ratio.value)} the baseline's, the line is ${times(settings.p95Ratio)}`
      )
    }
  }
  if (errors.finding === 'over') {
    const routes = errors.routes.filter(({ finding }) => finding === 'over')
    const where = routes.length === 0 ? '' : ` (${routes.map(({ route }) => route).join(', ')})`
    why.push(`the candidate fails more than ${times(settings.errorRatio)} as often as the baseline${where}`)
  }
  return why
}

/** What keeps a pass away although there is enough to judge by; the candidate has served so many requests in all. */
function openOf({ latency, errors }: Shown, settings: GateSettings, served: number): string[] {
  const why: string[] = []
  if (latency.finding !== 'within') why.push('p95 is proven neither beyond the line nor within it')
  for (const one of latency.routes) {
    if (latency.routes.length > 1 && isSuspect(one, settings.minSamples, served)) {
      why.push(`p95 of ${one.route} looks ${timesOf(one.ratio)} the baseline's, which is not proven`)
    }
  }
  if (errors.finding === 'open') {
    why.push(
      `the candidate seems to fail more than ${times(settings.errorRatio)} as often, which is not proven`
    )
  }
  return why
}

/** What all routes together are proven to be may hide one that is none of them: one of few requests weighs next to nothing. */
function isSuspect({ requests, ratio, line }: RouteLatency, minSamples: number, served: number): boolean {
  if (ratio.low > line) return true
  if (Math.min(requests.baseline, requests.candidate) >= minSamples) return ratio.value > line
  const far = ratio.low > 1 || ratio.value > line ** 2
  return ratio.value > line && far && requests.candidate > negligible * served
}

function timesOf({ value, atLeast }: Estimate): string {
  return atLeast ? `more than ${times(value)}` : times(value)
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} times`
}
