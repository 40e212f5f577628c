// Fields of a log line to one request: times, target, who asked. What cannot be read is a reason, or left out.
import type { Fields } from './format.ts'

/** One request, as its line tells it. */
export type Entry = {
  /** Milliseconds since the Unix epoch. */
  readonly start: number
  readonly end: number
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  /** Without `?`; '' for none. */
  readonly query: string
  /** `1.1` */
  readonly httpVersion: string
  readonly status: number
  readonly client: string
  readonly userAgent: string | undefined
  readonly upstream: string | undefined
  readonly bytes: number
}

// $time_local of nginx: 20/Nov/2026:11:30:00 +0000
const localTime = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
// https://www.rfc-editor.org/rfc/rfc3339#section-5.6
const isoTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?$/
const numberTime = /^\d{9,19}(?:\.\d{1,9})?$/

/** Milliseconds since the Unix epoch; undefined for what is no time. Numbers are seconds, milli-, micro- or nanoseconds. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const local = localTime.exec(text)
  if (local !== null) {
    const [, day, name = '', year, time, hours, minutes] = local
    const month = String(months.indexOf(name) + 1).padStart(2, '0')
    return finite(Date.parse(`${year}-${month}-${day}T${time}${hours}:${minutes}`))
  }
  if (numberTime.test(text)) {
    let ms = Number(text)
    if (ms < 1e11) ms *= 1000
    while (ms > 1e14) ms /= 1000
    return ms
  }
  return isoTime.test(text) ? finite(Date.parse(text)) : undefined
}

function finite(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms
}

// A number of seconds, or with a unit as Go writes it: 12.5ms, 1.2s.
const durationPattern = /^(\d{1,12}(?:\.\d{1,12})?)(ns|us|µs|ms|s)?$/
const units: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000]
])

function durationOf(fields: Fields): number | undefined {
  const ms = durationPattern.exec(fields.get('duration_ms') ?? '')?.[1]
  if (ms !== undefined) return Number(ms)
  const [, number, unit] = durationPattern.exec(fields.get('duration') ?? '') ?? []
  return number === undefined ? undefined : Number(number) * (units.get(unit ?? 's') ?? 1000)
}

// https://www.rfc-editor.org/rfc/rfc9112#section-3, and an absolute URL in it where a load balancer logs one
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (\S+)(?: HTTP\/(\d(?:\.\d)?))?\s*$/
const absolute = /^(https?|wss?|h2):\/\/([^/?#]*)(.*)$/i
const protocolPattern = /^(?:HTTP\/)?(\d(?:\.\d)?)$/i
const statusPattern = /^[1-9]\d{2}$/

/** One request, or why the line tells of none. */
export function entryOf(fields: Fields): Entry | string {
  const [, method = fields.get('method'), target = fields.get('url') ?? fields.get('path'), version] =
    requestLine.exec(fields.get('request') ?? '') ?? []
  if (method === undefined || target === undefined) return 'no request'
  const status = fields.get('status')
  if (status === undefined || !statusPattern.test(status)) return 'no status'
  const duration = durationOf(fields)
  const end = timeOf(fields.get('end'))
  const start = timeOf(fields.get('start')) ?? (end === undefined ? undefined : end - (duration ?? 0))
  if (start === undefined) return 'no time'
  const [, scheme = fields.get('scheme') ?? 'http', host = fields.get('host') ?? '', relative = target] =
    absolute.exec(target) ?? []
  const mark = relative.indexOf('?')
  const path = mark === -1 ? relative : relative.slice(0, mark)
  return {
    start,
    // Whole seconds, as some logs have it, may end before they begin.
    end: Math.max(start, duration === undefined ? (end ?? start) : start + duration),
    method,
    scheme: /s$/i.test(scheme) ? 'https' : 'http',
    host,
    path: path === '' ? '/' : path,
    query: mark === -1 ? '' : relative.slice(mark + 1),
    httpVersion: version ?? protocolPattern.exec(fields.get('protocol') ?? '')?.[1] ?? '1.1',
    status: Number(status),
    client: fields.get('client') ?? '',
    userAgent: fields.get('user_agent'),
    upstream: fields.get('upstream'),
    bytes: Number(fields.get('bytes') ?? 0) || 0
  }
}
