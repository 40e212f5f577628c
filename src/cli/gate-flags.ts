// The flags of `tracebridge gate`, read and checked; it asks nobody.
import { parseSelector } from '../gate/selector.ts'
import type { Sides } from '../gate/snapshot.ts'
import type { GateSettings } from '../gate/verdict.ts'
import { parseDuration } from '../rules/values.ts'
import { parseBase } from './ask.ts'
import type { Timing } from './gate-watch.ts'
import type { Io } from './io.ts'
import { adminSource, type Source } from './source.ts'
import { helpFlag, parseFlags } from './usage.ts'

/** What becomes of a verdict that proves nothing: wrong, a warning by an exit code of its own, or right. */
export type OnInconclusive = 'fail' | 'warn' | 'pass'

export type GateFlags = {
  readonly source: Source
  readonly sides: Sides
  readonly settings: GateSettings
  readonly timing: Timing
  readonly onInconclusive: OnInconclusive
  readonly json: boolean
  readonly junit: string | undefined
}

const options = {
  admin: { type: 'string', multiple: true },
  prometheus: { type: 'string' },
  baseline: { type: 'string' },
  candidate: { type: 'string' },
  'p95-ratio': { type: 'string', default: '1.2' },
  'error-ratio': { type: 'string', default: '1.5' },
  floor: { type: 'string', default: '5ms' },
  window: { type: 'string', default: '5m' },
  'warm-up': { type: 'string', default: '60s' },
  for: { type: 'string' },
  'min-samples': { type: 'string', default: '500' },
  'on-inconclusive': { type: 'string', default: 'warn' },
  token: { type: 'string' },
  json: { type: 'boolean', default: false },
  junit: { type: 'string' },
  ...helpFlag
} as const

/** What they ask for; a complaint where they are wrong, `help` where that is asked for. */
export async function gateFlags(
  argv: readonly string[],
  io: Io
): Promise<GateFlags | { readonly complaint: string } | 'help'> {
  const flags = parseFlags(argv, options)
  if ('complaint' in flags) return flags
  const { values, positionals } = flags
  if (values.help === true) return 'help'
  if (positionals.length > 0) return { complaint: 'takes no arguments, only flags' }

  const sides = sidesOf(values.baseline, values.candidate)
  if ('complaint' in sides) return sides
  const token = values.token ?? io.env['TRACEBRIDGE_TOKEN']
  const source = await sourceOf(values.admin ?? [], values.prometheus, token, sides)
  if ('complaint' in source) return source

  const p95Ratio = parseRatio(values['p95-ratio'])
  if (p95Ratio === undefined) return { complaint: '--p95-ratio expects a number above 1, such as 1.2' }
  const errorRatio = parseRatio(values['error-ratio'])
  if (errorRatio === undefined) return { complaint: '--error-ratio expects a number above 1, such as 1.5' }
  const floorMs = parseDuration(values.floor)
  if (floorMs === undefined) return { complaint: '--floor expects a time such as 5ms' }
  const minSamples = /^\d{1,9}$/.test(values['min-samples']) ? Number(values['min-samples']) : 0
  if (minSamples < 59) {
    return { complaint: '--min-samples expects a number from 59 on: the p95 of fewer has no upper bound' }
  }
  const timing = timingOf(values.window, values['warm-up'], values.for)
  if ('complaint' in timing) return timing
  const onInconclusive = values['on-inconclusive']
  if (onInconclusive !== 'fail' && onInconclusive !== 'warn' && onInconclusive !== 'pass') {
    return { complaint: '--on-inconclusive expects one of fail, warn, pass' }
  }
  const settings = { p95Ratio, errorRatio, floorMs, minSamples }
  return { source, sides, settings, timing, onInconclusive, json: values.json, junit: values.junit }
}

/** Both sides of a rollout, or what is wrong with how they are named. */
export function sidesOf(
  baseline: string | undefined,
  candidate: string | undefined
): Sides | { readonly complaint: string } {
  const expected = 'expects a tag of its targets, such as service.tag='
  const parsed = { baseline: parseSelector(baseline ?? ''), candidate: parseSelector(candidate ?? '') }
  if (parsed.baseline === undefined) return { complaint: `--baseline ${expected}base` }
  if (parsed.candidate === undefined) return { complaint: `--candidate ${expected}gray` }
  if (JSON.stringify(parsed.baseline.tags) === JSON.stringify(parsed.candidate.tags)) {
    return { complaint: '--baseline and --candidate are the same' }
  }
  return { baseline: parsed.baseline, candidate: parsed.candidate }
}

/** Admin addresses, or what is wrong with them. */
export function basesOf(texts: readonly string[]): readonly URL[] | { readonly complaint: string } {
  const bases: URL[] = []
  for (const text of texts) {
    const base = parseBase(text)
    if (base === undefined) {
      return { complaint: '--admin expects http:// or https://, such as http://127.0.0.1:9901' }
    }
    if (bases.some(one => one.href === base.href)) return { complaint: '--admin names a gateway twice' }
    bases.push(base)
  }
  return bases
}

async function sourceOf(
  admin: readonly string[],
  prometheus: string | undefined,
  token: string | undefined,
  sides: Sides
): Promise<Source | { readonly complaint: string }> {
  if ((admin.length === 0) === (prometheus === undefined)) {
    return { complaint: 'expects --admin URL, which may be repeated, or --prometheus URL' }
  }
  if (prometheus === undefined) {
    const bases = basesOf(admin)
    return 'complaint' in bases ? bases : adminSource(bases, token)
  }
  const url = parseBase(prometheus)
  if (url === undefined) return { complaint: '--prometheus expects http:// or https://' }
  const { prometheusSource } = await import('./prometheus.ts')
  return prometheusSource(url, token, sides)
}

function parseRatio(text: string): number | undefined {
  return /^\d{1,3}(?:\.\d{1,6})?$/.test(text) && Number(text) > 1 ? Number(text) : undefined
}

/** Unless told otherwise it waits a quarter of an hour, or for one window where that takes longer. */
const usualFor = 900_000

/** It is looked at five times: whoever counts has other things to do. */
const shortestWindow = 1_000

function timingOf(
  windowText: string,
  warmUpText: string,
  forText: string | undefined
): Timing | { readonly complaint: string } {
  const window = parseDuration(windowText)
  if (window === undefined || window < shortestWindow) {
    return { complaint: '--window expects a time such as 5m, no shorter than 1s' }
  }
  const warmUp = parseDuration(warmUpText)
  if (warmUp === undefined) return { complaint: '--warm-up expects a time such as 60s' }
  const shortest = warmUp + window
  const all = forText === undefined ? Math.max(usualFor, shortest) : parseDuration(forText)
  if (all === undefined || all < shortest) {
    return { complaint: '--for expects a time such as 15m, no shorter than --warm-up and --window together' }
  }
  return { window, warmUp, for: all }
}
