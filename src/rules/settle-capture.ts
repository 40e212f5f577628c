// What rules leave out of capture, which fields bear secrets, and how it is shown to people.
import type { CaptureRule } from './rules.ts'
import type { CaptureSettings, TrustSettings } from './settings.ts'
import type { DecodedCapture, DecodedRouteCapture } from './shape-capture.ts'

const defaults = { headers: ['accept', 'content-encoding', 'content-type'], body: 0, keep: 100 } as const

/** Fields whose values are never kept, in lower case, beside those by which trust knows a caller. */
export const secretFields: ReadonlySet<string> = new Set([
  'authentication',
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-access-token',
  'x-amz-security-token',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'x-goog-api-key',
  'x-vault-token',
  'x-xsrf-token'
])

/** Undefined for off, which it is where nothing is said. */
export function settleCapture(given: DecodedCapture | undefined): CaptureSettings | undefined {
  return given && { headers: given.headers ?? defaults.headers, body: given.body ?? defaults.body }
}

export function settleCaptureKeep(given: DecodedCapture | undefined): number {
  return given?.keep ?? defaults.keep
}

/** A route says it key by key over the top; a map turns it on where the top says nothing. */
export function settleRouteCapture(
  given: DecodedRouteCapture | undefined,
  top: CaptureSettings | undefined
): CaptureSettings | undefined {
  if (given === false) return undefined
  if (given === undefined) return top
  return {
    headers: given.headers ?? top?.headers ?? defaults.headers,
    body: given.body ?? top?.body ?? defaults.body
  }
}

export function captureRuleOf(
  capture: CaptureSettings | undefined,
  trust: readonly TrustSettings[]
): CaptureRule | undefined {
  if (capture === undefined) return undefined
  const shown = trust.flatMap(({ secret }) => secret?.header ?? [])
  return Object.freeze({
    headers: new Set(capture.headers),
    secrets: new Set([...secretFields, ...shown]),
    body: capture.body
  })
}

export function showCapture({ headers, body }: CaptureSettings): Readonly<Record<string, unknown>> {
  return { headers, body }
}
