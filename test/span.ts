// A finished span for tests, whole and plausible; what a test is about it says itself.
import type { Resource, Span } from '../src/exporters/exporter.ts'

export const resource: Resource = { service: 'shop-gateway', version: '1.4.2', instance: 'gw-1' }

let made = 0

export function makeSpan(differing: Partial<Span> = {}): Span {
  made++
  return {
    traceId: `a${made.toString(16).padStart(31, '0')}`,
    spanId: `b${made.toString(16).padStart(15, '0')}`,
    parentId: 'c'.repeat(16),
    parentIsRemote: true,
    tracestate: '',
    flags: 1,
    kind: 'server',
    name: 'GET /orders/{id}',
    start: 1_763_600_000_000.25,
    end: 1_763_600_000_012.75,
    error: false,
    attributes: ['http.request.method', 'GET', 'http.response.status_code', 200],
    links: undefined,
    segment: undefined,
    ...differing
  }
}

export function makeSpans(number: number): Span[] {
  return Array.from({ length: number }, () => makeSpan())
}
