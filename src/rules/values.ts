// The small notations of rule values: durations, rates, address ranges, URLs, names. Text to value or undefined.
import { isIP } from 'node:net'
import type { Limit } from '../samplers/tokens.ts'
import { isMemberKey } from '../trace/tracestate.ts'
import { isFreeForSecret } from './owned-fields.ts'

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

/** Callers by address: all of them, a named group, or a range. */
export type Range =
  | { readonly kind: 'any' | 'loopback' | 'private' }
  | { readonly kind: 'range'; readonly address: string; readonly prefix: number; readonly family: 4 | 6 }

const rangePattern = /^([0-9A-Fa-f:.]{2,45})(?:\/(\d{1,3}))?$/

/** `10.0.0.0/8`, `::1`, `any`, `loopback` or `private`. */
export function parseRange(text: string): Range | undefined {
  if (text === 'any' || text === 'loopback' || text === 'private') return { kind: text }
  const [, address = '', bits] = rangePattern.exec(text) ?? []
  const version = isIP(address)
  // Callers are compared in their IPv4 form, so a mapped range would never match.
  if (version === 0 || address.toLowerCase().startsWith('::ffff:')) return undefined
  const family = version === 4 ? 4 : 6
  const width = family === 4 ? 32 : 128
  const prefix = bits === undefined ? width : Number(bits)
  return prefix <= width ? { kind: 'range', address, prefix, family } : undefined
}

export function formatRange(range: Range): string {
  return range.kind === 'range' ? `${range.address}/${range.prefix}` : range.kind
}

function parseUrl(text: string): URL | undefined {
  // URL itself forgives spaces, tabs and line ends, which would then be gone from what people read.
  if (!/^https?:\/\/[\x21-\x7e]{1,2000}$/.test(text)) return undefined
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return undefined
  return url
}

/** The URL of an upstream: scheme, host and port, nothing behind. */
export function parseOrigin(text: string): URL | undefined {
  const url = parseUrl(text)
  return url !== undefined && url.pathname === '/' && url.search === '' && !/[?#]/.test(text)
    ? url
    : undefined
}

/** The URL that a back end takes spans at; no user and password in it. */
export function parseEndpoint(text: string): string | undefined {
  return parseUrl(text) === undefined ? undefined : text
}

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 (token)
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/

/** A field name, in lower case. */
export function parseFieldName(text: string): string | undefined {
  return tokenPattern.test(text) ? text.toLowerCase() : undefined
}

/** The key of a member of tracestate. */
export function parseMemberKey(text: string): string | undefined {
  return isMemberKey(text) ? text : undefined
}

/** A method; they are case-sensitive, and all that are in use are upper case. */
export function parseMethod(text: string): string | undefined {
  return tokenPattern.test(text) && text === text.toUpperCase() ? text : undefined
}

// https://www.rfc-editor.org/rfc/rfc9110#section-5.5 (field-value, without obs-text)
const fieldValuePattern = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]{0,8190}[\x21-\x7e])?)?$/

/** The value of a field. */
export function parseFieldValue(text: string): string | undefined {
  return fieldValuePattern.test(text) ? text : undefined
}

// https://www.rfc-editor.org/rfc/rfc6454#section-6.2, and `*.` in front of the host for every host below it
const originPattern =
  /^https?:\/\/(?:\*\.)?(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,30}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/

/** `https://shop.example.com`, `https://*.example.com` or `*`, as browsers send it: lower case, no default port. */
export function parseAllowedOrigin(text: string): string | undefined {
  if (text === '*') return text
  const origin = text.toLowerCase()
  if (!originPattern.test(origin)) return undefined
  return origin.replace(/^(https:.*):443$|^(http:.*):80$/, '$1$2')
}

// What people read in metrics, logs and span attributes: anything on one line.
const textPattern = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,256}$/u

/** The name of a service or route, a version, a tag. */
export function parseText(text: string): string | undefined {
  return textPattern.test(text) && text === text.trim() ? text : undefined
}

// As long as paths get: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/limits.h.html (PATH_MAX)
const pathPattern = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,4096}$/u

// https://www.rfc-editor.org/rfc/rfc9112#section-3.2.1 (origin-form), without what would have to be escaped
const healthPathPattern = /^\/[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]{0,1023}$/

/** The path, and query, that a health check asks for. */
export function parseHealthPath(text: string): string | undefined {
  return healthPathPattern.test(text) ? text : undefined
}

/** The path of a file. */
export function parsePath(text: string): string | undefined {
  return pathPattern.test(text) ? text : undefined
}

const upstreamPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$/

/** The name of an upstream: it is a key in rules and a label in metrics. */
export function parseUpstreamName(text: string): string | undefined {
  return upstreamPattern.test(text) ? text : undefined
}

/** The tokens of `admin.token`: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const bearerPattern = /^[A-Za-z0-9\-._~+/]{1,1024}={0,2}$/

export function parseBearer(text: string): string | undefined {
  return bearerPattern.test(text) ? text : undefined
}

// They are labels in metrics, joined by `+` there.
const dialectPattern = /^[a-z][a-z0-9-]{0,30}$/

/** The name of a dialect that rules bring along. */
export function parseDialectName(text: string): string | undefined {
  return dialectPattern.test(text) && text !== 'none' && text !== 'other' ? text : undefined
}

// https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name; no path, no URL
const packagePattern = /^(?=.{1,214}$)(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/

/** The name of an npm package. */
export function parsePackage(text: string): string | undefined {
  return packagePattern.test(text) ? text : undefined
}

const exportPattern = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/

/** What a package exports. */
export function parseExport(text: string): string | undefined {
  return exportPattern.test(text) ? text : undefined
}

/** What JSON can say of an object. */
export type PlainMap = Readonly<Record<string, unknown>>

/** A map of plain values as it came from a rule file, where `.inf` and `.nan` are numbers. */
export function parsePlainMap(value: unknown): PlainMap | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return isPlain(value) ? { ...value } : undefined
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isPlain)
}

/** The name of the field that bears a secret, in lower case. */
export function parseSecretField(text: string): string | undefined {
  const name = parseFieldName(text)
  return name !== undefined && isFreeForSecret(name) ? name : undefined
}

// Long enough that nobody guesses it, and that an empty file is no secret.
const secretPattern = /^[\x21-\x7e]{16,1024}$/

export function parseSharedSecret(text: string): string | undefined {
  return secretPattern.test(text) ? text : undefined
}

/** `auto` is one for each core. */
export function parseWorkers(value: string | number): number | 'auto' | undefined {
  if (value === 'auto') return 'auto'
  const count = typeof value === 'number' ? value : /^\d{1,3}$/.test(value) ? Number(value) : 0
  return Number.isInteger(count) && count >= 1 && count <= 256 ? count : undefined
}

// https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1 (cookie-name is a token)
export function parseCookieName(text: string): string | undefined {
  return tokenPattern.test(text) ? text : undefined
}

// As selectors of `gate` take it; and what is left of it, with _ for . and -, is the name of a label.
const tagNamePattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/

/** Labels that metrics have besides. */
const takenLabels: ReadonlySet<string> = new Set([
  'route',
  'method',
  'status',
  'upstream',
  'le',
  'job',
  'instance'
])

/** The name of a tag that metrics have a label for. */
export function parseTagName(text: string): string | undefined {
  const taken = takenLabels.has(labelOf(text)) || text.startsWith('__')
  return tagNamePattern.test(text) && !taken ? text : undefined
}

/** What metrics call the label of a tag. https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
export function labelOf(tag: string): string {
  return tag.replace(/[^A-Za-z0-9_]/g, '_')
}
