// `tracebridge gate`: whether a rollout may go on, as an exit code for pipelines and a table for people.
import { writeFileSync } from 'node:fs'
import { comparisonOf } from '../gate/compare.ts'
import { type Clock, wallClock } from './clock.ts'
import type { Command } from './command.ts'
import { type GateFlags, gateFlags, type OnInconclusive } from './gate-flags.ts'
import { type GateResult, gateText, junitText, junitUnreachable } from './gate-text.ts'
import { type Watched, watch } from './gate-watch.ts'
import type { Io } from './io.ts'
import { refuse } from './usage.ts'

export const summary =
  'judge a candidate by its p95 and errors against the baseline, for a pipeline to go on or stop'

export const help = `tracebridge gate: ${summary}

Usage: tracebridge gate --admin URL --baseline service.tag=base --candidate service.tag=gray [flags]

  --admin URL            the admin address of a gateway; repeat it for every replica
  --prometheus URL       instead: a Prometheus that scrapes them; its buckets know latencies only roughly
  --baseline TAG=VALUE   the targets to compare with, by a tag of the rules; several are joined by commas
  --candidate TAG=VALUE  the targets on trial
  --p95-ratio N          how many times the baseline's p95 the candidate's may be (default 1.2)
  --error-ratio N        and how many times its error rate (default 1.5)
  --floor TIME           so much more is never too slow (default 5ms)
  --min-samples N        requests of each side below which there is no verdict on latency (default 500)
  --warm-up TIME         from the candidate's first request on, not counted (default 60s)
  --window TIME          how long to count before a verdict, 1s or more (default 5m)
  --for TIME             how long to wait for a proof, warm-up included; looks after each window (default 15m)
  --on-inconclusive P    without a proof in time: warn (exit 2, the default), fail (1), or pass (0), which
                         holds only where there was enough to judge by
  --token TOKEN          a bearer token to show (or TRACEBRIDGE_TOKEN in the environment)
  --json                 one JSON object instead of the table
  --junit FILE           writes the verdict as JUnit XML, too
  -h, --help             this text

It fails only what is proven to be slower than the line, or to fail more often, and passes only what is proven to be
below: with few requests or wide latencies it waits. Traffic must reach both sides in the meantime.

  tracebridge gate --admin http://gateway:9901 --baseline service.tag=base --candidate service.tag=gray

Exit code: 0 pass, 1 fail, 2 inconclusive, 3 wrong usage, 4 a gateway or Prometheus that does not answer.
`

/** Runs until there is a proof, or `--for` is over. */
export const gate: Command = gateBy(wallClock)

export function gateBy(clock: Clock): Command {
  return (argv, io, signal) => gated(argv, io, clock, signal)
}

async function gated(argv: readonly string[], io: Io, clock: Clock, signal: AbortSignal): Promise<number> {
  const flags = await gateFlags(argv, io)
  if (flags === 'help') {
    io.stdout(help)
    return 0
  }
  if ('complaint' in flags) {
    refuse(io, 'gate', flags.complaint)
    return 3
  }
  const { source, sides, settings, timing, json, junit, onInconclusive } = flags
  const onWait = (why: readonly string[], measuredMs: number) =>
    io.stderr(`tracebridge gate: after ${Math.round(measuredMs / 1000)} s ${why.join('; ')}; waiting\n`)
  // Tried first: nobody waits a quarter of an hour to hear that there is no place for the answer.
  const unwritable = junit === undefined ? undefined : written(junit, '')
  if (unwritable !== undefined) {
    refuse(io, 'gate', unwritable)
    return 3
  }
  const watched = await watch({ source, sides, settings, timing, clock, signal, onWait })
  const done = 'unreachable' in watched ? watched : resultOf(watched, flags)
  const report = 'unreachable' in done ? junitUnreachable(done.unreachable) : junitText(done)
  const unwritten = junit === undefined ? undefined : written(junit, report)
  if (unwritten !== undefined) io.stderr(`tracebridge gate: ${unwritten}\n`)
  if ('unreachable' in done) {
    if (json) io.stdout(`${JSON.stringify({ verdict: 'unreachable', why: [done.unreachable] }, null, 2)}\n`)
    else io.stderr(`tracebridge gate: ${done.unreachable}\n`)
    return 4
  }
  io.stdout(json ? `${JSON.stringify(done, null, 2)}\n` : gateText(done))
  return unwritten === undefined ? codeOf(watched, onInconclusive) : 3
}

function resultOf(
  { judgement, period, scale, measuredMs, notes }: Exclude<Watched, { readonly unreachable: string }>,
  { source, sides, settings }: GateFlags
): GateResult {
  const { verdict, why, latency, errors } = judgement
  return {
    verdict,
    why,
    notes,
    source: source.name,
    coarse: scale.coarse,
    baseline: sides.baseline.text,
    candidate: sides.candidate.text,
    limits: { p95Ratio: settings.p95Ratio, errorRatio: settings.errorRatio, floorMs: settings.floorMs },
    comparison: comparisonOf(period, null, measuredMs / 1000, scale),
    latency: { finding: latency.finding, ratio: latency.ratio ?? null, routes: latency.routes },
    errors
  }
}

/** A pass by policy needs data all the same: a gate that saw nothing holds. */
function codeOf(watched: Watched, policy: OnInconclusive): number {
  if ('unreachable' in watched) return 4
  const { verdict, enough } = watched.judgement
  if (verdict !== 'inconclusive') return verdict === 'pass' ? 0 : 1
  if (policy === 'fail') return 1
  return policy === 'pass' && enough ? 0 : 2
}

function written(file: string, text: string): string | undefined {
  try {
    writeFileSync(file, text)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return `--junit: ${file} cannot be written (${typeof code === 'string' ? code : 'no reason given'})`
  }
}
