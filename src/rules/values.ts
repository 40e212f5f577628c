// The small notations of rule values that are numbers: durations, sizes, rates, ceilings. Text to value or undefined, and
// back to text. Names, fields, URLs and ranges of addresses have files of their own.
import type { Limit } from '../samplers/tokens.ts'

// One number and one unit, as the `5s` of Envoy, Traefik and the Collector.
const durationPattern = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/
const unitMs = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000]
])
/** Timers of Node hold 31 bits. */
const longestMs = 2_147_483_647

/** `250ms`, `5s`, `10m`, `1h` to milliseconds. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = durationPattern.exec(text) ?? []
  const factor = unitMs.get(unit ?? '')
  if (digits === undefined || factor === undefined) return undefined
  const ms = Number(digits) * factor
  return Number.isInteger(ms) && ms <= longestMs ? ms : undefined
}

/** Milliseconds in the largest unit that divides them. */
export function formatDuration(ms: number): string {
  for (const [unit, factor] of [...unitMs].reverse()) {
    if (ms !== 0 && ms % factor === 0) return `${ms / factor}${unit}`
  }
  return `${ms}ms`
}

// Powers of two alone: MB is 1000 or 1024 kB, depending on whom one asks.
const sizePattern = /^(\d{1,9})(B|KiB|MiB|GiB)$/
const unitBytes = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3]
])

/** `512B`, `32KiB`, `10MiB`, `1GiB` or a whole number to bytes. */
export function parseSize(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const [, digits, unit] = sizePattern.exec(value) ?? []
  const factor = unitBytes.get(unit ?? '')
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}

/** Bytes in the largest unit that divides them. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of [...unitBytes].reverse()) {
    if (bytes !== 0 && bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return `${bytes}B`
}

const percentPattern = /^(\d{1,3}(?:\.\d{1,12})?)%$/
const fractionPattern = /^(?:0(?:\.\d{1,15})?|1(?:\.0{1,15})?)$/

/** `30%`, `0.3` or the number 0.3 to 0.3. */
export function parseRate(value: string | number): number | undefined {
  if (typeof value === 'number') return value >= 0 && value <= 1 ? value : undefined
  const percent = percentPattern.exec(value)?.[1]
  if (percent !== undefined) return Number(percent) <= 100 ? Number(percent) / 100 : undefined
  return fractionPattern.test(value) ? Number(value) : undefined
}

export function formatRate(rate: number): string {
  return `${Number((rate * 100).toPrecision(12))}%`
}

const limitPattern = /^(0|[1-9]\d{0,6})\/(s|m|h)$/

/** `200/s`, `30/m`, `5/h`. */
export function parseLimit(text: string): Limit | undefined {
  const [, count, unit] = limitPattern.exec(text) ?? []
  const perMs = unitMs.get(unit ?? '')
  return count === undefined || perMs === undefined ? undefined : { count: Number(count), perMs }
}

export function formatLimit({ count, perMs }: Limit): string {
  const [unit] = [...unitMs].find(([, factor]) => factor === perMs) ?? ['s']
  return `${count}/${unit}`
}

/** `auto` is one for each core. */
export function parseWorkers(value: string | number): number | 'auto' | undefined {
  if (value === 'auto') return 'auto'
  const count = typeof value === 'number' ? value : /^\d{1,3}$/.test(value) ? Number(value) : 0
  return Number.isInteger(count) && count >= 1 && count <= 256 ? count : undefined
}
