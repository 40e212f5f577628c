// What rules leave out of capture, which of its fields bear secrets, and how it is shown to people.
import type { CaptureRule } from './rules.ts'
import { isSecretField } from './secret-keys.ts'
import type { CaptureSettings, TrustSettings } from './settings.ts'
import type { DecodedCapture, DecodedRouteCapture } from './shape-capture.ts'
import type { Shown } from './shown.ts'

const defaults = { headers: ['accept', 'content-encoding', 'content-type'], body: 0, keep: 100 } as const

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
  return Object.freeze({
    headers: new Set(capture.headers),
    secrets: new Set(secretsAmong(capture.headers, trust)),
    body: capture.body
  })
}

/** Fields whose values are never kept: secrets by their name, and those by which trust knows a caller. */
export function secretsAmong(headers: readonly string[], trust: readonly TrustSettings[]): readonly string[] {
  const shown = new Set(trust.flatMap(({ secret }) => secret?.header ?? []))
  return headers.filter(name => shown.has(name) || isSecretField(name))
}

export function showCapture({ headers, body }: CaptureSettings): Shown {
  return { headers, body }
}
