// Whether this process has too much to do, and what it then lets go of: first kept connections, then telemetry, then
// requests. By itself it does nothing: who asks for the level acts on it. After Envoy's overload manager:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/overload_manager/overload_manager
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { SamplingPlan } from '../mediate/policy.ts'
import type { Log } from '../report/log.ts'
import type { Overload } from '../rules/limits.ts'
import { ratio } from '../samplers/ratio.ts'

/** 0 is all well; 1 connections end with their answers; 2 no spans besides; 3 requests are answered 503 besides. */
export type Level = 0 | 1 | 2 | 3

/** A reading: how much there is. Milliseconds and bytes. */
export type Readings = {
  /** Of the event loop, the 99th percentile since the last reading. */
  readonly delay: number
  readonly heap: number
  readonly heapLimit: number
  readonly resident: number
  /** What the system allows; undefined where it does not say. */
  readonly residentLimit: number | undefined
}

export type Resource = 'delay' | 'heap' | 'memory'

export type Pressure = {
  readonly level: () => Level
  /** Of each resource, the share that is in use: 1 is too much. */
  readonly shares: () => ReadonlyMap<Resource, number>
  readonly close: () => void
}

export type PressureOptions = {
  /** Undefined: never. Asked each time, for rules change. */
  readonly overload: () => Overload | undefined
  readonly log: Log
  readonly changed: (level: Level) => void
  /** In place of the process's own. */
  readonly read?: () => Readings
  readonly everyMs?: number
}

const everyMs = 250
/** From which share on a level holds. */
const thresholds = [0.85, 0.92, 0.95] as const
/** So many readings in a row, so that one stall or one collection of garbage sheds nothing. */
const risesAfter = 2
const fallsAfter = 4

export function createPressure(options: PressureOptions): Pressure {
  const source = options.read === undefined ? createSource() : { read: options.read, close: () => {} }
  let level: Level = 0
  let shares: ReadonlyMap<Resource, number> = new Map()
  let above = 0
  let below = 0

  const timer = setInterval(() => {
    const overload = options.overload()
    shares = sharesOf(source.read(), overload)
    const now = overload === undefined ? 0 : levelOf(Math.max(...shares.values()))
    above = now > level ? above + 1 : 0
    below = now < level ? below + 1 : 0
    if (above < risesAfter && below < fallsAfter) return
    const before = level
    level = now
    above = 0
    below = 0
    tell(options.log, level, before, shares)
    options.changed(level)
  }, options.everyMs ?? everyMs).unref()

  return {
    level: () => level,
    shares: () => shares,
    close: () => {
      clearInterval(timer)
      source.close()
    }
  }
}

const consequences = [
  'none',
  'connections end with their answers',
  'connections end with their answers, and no spans are kept',
  'requests are answered 503'
] as const

function tell(log: Log, level: Level, before: Level, shares: ReadonlyMap<Resource, number>): void {
  const details = {
    level,
    consequence: consequences[level],
    ...Object.fromEntries([...shares].map(([resource, share]) => [resource, Number(share.toFixed(2))]))
  }
  if (level > before) log.warn('too much to do', details)
  else log.info(level === 0 ? 'not too much to do any more' : 'less to do', details)
}

function levelOf(share: number): Level {
  if (share > thresholds[2]) return 3
  if (share > thresholds[1]) return 2
  return share > thresholds[0] ? 1 : 0
}

function sharesOf(readings: Readings, overload: Overload | undefined): ReadonlyMap<Resource, number> {
  const { delay, heap, heapLimit, resident, residentLimit } = readings
  const shares = new Map<Resource, number>([['heap', heap / heapLimit]])
  if (overload !== undefined) shares.set('delay', delay / overload.delay)
  const most = overload?.memory ?? residentLimit
  if (most !== undefined) shares.set('memory', resident / most)
  return shares
}

/** The same plan, but that no trace is kept which begins here. */
export function unsampled(plan: SamplingPlan): SamplingPlan {
  return { ...plan, sampler: none, boost: never }
}

const none = ratio(0)

function never(): boolean {
  return false
}

/** How often the delay is measured; it is part of what comes out. */
const resolution = 50

function createSource(): { readonly read: () => Readings; readonly close: () => void } {
  const delays = monitorEventLoopDelay({ resolution })
  delays.enable()
  // 0 or beyond reason where there is no limit. https://nodejs.org/api/process.html#processconstrainedmemory
  const constrained = process.constrainedMemory()
  const residentLimit = constrained > 0 && constrained < 2 ** 50 ? constrained : undefined
  return {
    read: () => {
      const delay = delays.count === 0 ? 0 : Math.max(0, delays.percentile(99) / 1e6 - resolution)
      delays.reset()
      const { used_heap_size: heap, heap_size_limit: heapLimit } = getHeapStatistics()
      return { delay, heap, heapLimit, resident: process.memoryUsage.rss(), residentLimit }
    },
    close: () => delays.disable()
  }
}
