// Fields outside the header of a message: which trailers and hints go on. Must not send them.
import { fieldOf, type RawFields } from './fields.ts'

// https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4
const trailersToken = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i

/** Whether a caller said that it reads trailers: others may lose them, so nothing is to depend on their arrival. */
export function wantsTrailers(request: RawFields): boolean {
  return trailersToken.test(fieldOf(request, 'te') ?? '')
}

/** What would change how the message is read, or who may: https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1 */
const headerAlone: ReadonlySet<string> = new Set([
  ...['age', 'authorization', 'cache-control', 'connection', 'cookie', 'date', 'expect', 'expires', 'host'],
  ...[
    'keep-alive',
    'location',
    'max-forwards',
    'pragma',
    'proxy-authenticate',
    'proxy-authorization',
    'range'
  ],
  ...[
    'proxy-connection',
    'retry-after',
    'set-cookie',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'vary'
  ],
  ...['www-authenticate', 'http2-settings']
])

/** Trailers as they go on. */
export function trailersOf(raw: RawFields): [string, string][] {
  const passed: [string, string][] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    const kept = headerAlone.has(lower) || lower.startsWith('content-') || lower.startsWith('access-control-')
    if (!kept) passed.push([name, raw[i + 1] ?? ''])
  }
  return passed
}

/** As node:http2 takes them. */
export function tailOf(trailers: readonly (readonly [string, string])[]): Record<string, string[]> {
  const tail = new Map<string, string[]>()
  for (const [name, value] of trailers) {
    const lower = name.toLowerCase()
    tail.set(lower, [...(tail.get(lower) ?? []), value])
  }
  return Object.fromEntries(tail)
}

// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
const fieldValue = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/

/** Of a 103, what browsers act on: https://www.rfc-editor.org/rfc/rfc8297 */
export function linksOf(raw: RawFields): string[] {
  const links: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const value = raw[i + 1] ?? ''
    if ((raw[i] ?? '').toLowerCase() === 'link' && fieldValue.test(value)) links.push(value)
  }
  return links
}
