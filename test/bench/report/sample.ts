// Numbers that nobody measured, for the tests of what is made from them.
import { loads } from '../loads.ts'
import { threeIn } from '../mediate.ts'
import type { Cost, Curve, Numbers } from '../numbers.ts'
import { settings } from '../settings.ts'

export function costOf(
  contender: string,
  microseconds: readonly number[],
  load: string = loads.small.name
): Cost {
  return { contender, load, microseconds, perSecond: microseconds.map(one => 1e6 / one), mib: 90 }
}

/** The cost of a request with one worker, and with two. */
export function workersOf(one: readonly number[], two: readonly number[]): Curve {
  const points = [one, two].map((microseconds, i) => ({
    ...{ at: i + 1, label: `${i + 1}` },
    cost: costOf(settings.at30.name, microseconds)
  }))
  return { name: 'workers', what: 'workers', points }
}

/** Every bar is met here, some with their stretch. */
export const sample: Numbers = {
  machine: {
    ...{ cores: 2, cpu: 'a <fast> one', kernel: '6.1', node: '24.0.0', commit: 'abc1234' },
    ...{ pinned: true, date: '2026-01-02' }
  },
  heart: [{ name: threeIn, values: [900, 1100, 1000] }],
  spans: [{ name: 'otlp', recordNs: [800, 1000], encodeNs: [1000, 1000], bytes: 480, packedBytes: 90 }],
  scrape: [{ routes: 50, ms: [1, 2, 3], mb: 0.4 }],
  lookup: [
    { name: '10', values: [100, 100] },
    { name: '10000', values: [120, 130] }
  ],
  peers: [
    { name: 'nginx', version: '1.22.1', settings: 'one worker' },
    { name: 'Envoy', version: '', settings: 'one thread', missing: 'no envoy on the PATH' }
  ],
  around: [15, 16, 17],
  costs: [
    costOf('bare pipe', [40, 42, 41]),
    costOf(settings.bare.name, [41, 43, 42]),
    costOf(settings.at30.name, [44, 46, 45]),
    costOf('http-proxy-3', [90, 91, 92]),
    costOf('Caddy', [80, 81, 82]),
    costOf('nginx', [20, 21, 19]),
    { ...costOf('HAProxy', []), failed: '3 of 10 requests failed: the connection was closed' }
  ],
  sent: [{ contender: settings.at30.name, exported: 300, rejected: 0, dropped: 0 }],
  latency: { perSecond: 2000, of: [{ contender: 'nginx', p50: [0.4], p99: [1.2], mib: 14, failed: 0 }] },
  curves: [
    {
      ...{ name: 'header fields', what: 'fields of a request' },
      points: [8, 32, 90].map(at => ({
        ...{ at, label: `${at}` },
        cost: costOf(settings.at30.name, [40 + at]),
        pipe: costOf('bare pipe', [35 + at])
      }))
    },
    workersOf([50, 50], [52, 51])
  ],
  idle: {
    ...{ connections: 10_000, beforeMiB: 70, mib: 90, restCpu: 2, idleCpu: 4 },
    curve: { name: 'idle connections', what: 'connections', points: [] }
  },
  starts: [
    { name: 'bin/tracebridge, from dist', milliseconds: [140, 150], mib: 60 },
    { name: 'bin/tracebridge, from src', milliseconds: [240, 250], mib: 70 }
  ],
  profile: {
    seconds: 9.5,
    rooms: [{ name: 'undici', percent: 40 }],
    files: [{ name: 'undici/lib/a.js', percent: 40 }],
    functions: [{ name: 'write', percent: 20 }]
  }
}
