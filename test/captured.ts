// A captured request for tests of what is shown of it; what a test is about it says itself.
import type { Capture } from '../src/report/capture.ts'

export function captureLike(differing: Partial<Capture> = {}): Capture {
  return {
    time: '2026-01-02T03:04:05.006Z',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    span_id: '00f067aa0ba902b7',
    why: 'error',
    route: 'orders',
    method: 'GET',
    scheme: 'http',
    host: 'shop.example.com',
    path: '/orders/7',
    query: 'x=1',
    query_redacted: false,
    status: 503,
    failure: 'UPSTREAM_UNREACHABLE',
    duration_ms: 12.5,
    request: { headers: [['Accept', '*/*']] },
    response: { headers: [] },
    ...differing
  }
}
