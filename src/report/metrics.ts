// Every metric of the gateway, exact whatever the sample rate. Names and labels are part of the contract.

import { labelOf } from '../rules/names.ts'
import type { TagNames } from '../rules/rules.ts'
import { createContextCounts } from './context-counts.ts'
import type { Counts } from './counts.ts'
import { createDurations, type Durations } from './durations.ts'
import { type Exposition, expose } from './exposition.ts'
import type { Judgement } from './late.ts'
import type { Outcome } from './outcome.ts'
import { processFamilies } from './process-metrics.ts'
import { createCounter, createReading, type Family } from './series.ts'
import { spanFamilies } from './span-metrics.ts'

const defaultTags: TagNames = { service: 'service.tag', version: 'version' }

/** What metrics ask for when they are read. */
export type Gauges = {
  readonly inFlight: () => number
  readonly upgraded: () => number
  readonly draining: () => boolean
  readonly connections: () => readonly ConnectionCounts[]
  /** Lines of the access log that had no room, or nowhere to go. */
  readonly linesLost: () => number
  /** Route name and `service.tag`, '' where it makes no difference, to the rate in force, 0 to 1. */
  readonly rates: () => readonly (readonly [route: string, tag: string, rate: number])[]
  readonly spans: () => ReadonlyMap<string, Counts>
  /** Milliseconds since the Unix epoch, at which the rules in force were loaded. */
  readonly rulesLoaded: () => number
  /** Until when the certificates that callers are shown are good, in milliseconds since the Unix epoch. */
  readonly certificates: () => readonly (readonly [listener: string, certificate: string, until: number])[]
}

/** Connections to one target, and the requests on them. */
export type ConnectionCounts = {
  readonly upstream: string
  readonly target: string
  readonly open: number
  readonly running: number
}

export type Metrics = {
  /** Counts a finished request; one whose spans are `kept` stands as an example of its kind. */
  readonly request: (outcome: Outcome, kept?: boolean) => void
  /** The routes in force from now on. */
  readonly watch: Durations['watch']
  /** Counts bytes that were no request, by a code of the table of failures. */
  readonly refused: (code: string) => void
  /** Counts what became of a request's trace. */
  readonly judged: (judgement: Pick<Judgement, 'outcome' | 'reason'>) => void
  readonly reload: (outcome: 'applied' | 'refused') => void
  /** Counts a TLS handshake, by what became of it. */
  readonly handshake: (outcome: string) => void
  /** `accept` is the scraper's Accept field. */
  readonly expose: (accept: string | undefined) => Exposition
  /** For the README's table and its test. */
  readonly families: readonly Family[]
}

/** `more` is what others count and tell themselves; `tags` give two labels their names. */
export function createMetrics(gauges: Gauges, more: readonly Family[] = [], tags = defaultTags): Metrics {
  const durations = createDurations(tags)
  const context = createContextCounts()
  const failure = createCounter('tracebridge_failures', 'Requests that the gateway could not complete.', [
    'code'
  ])
  const sampling = createCounter(
    'tracebridge_sampling',
    'Requests by whether their trace was kept, dropped, or dropped for too many others (over_budget), and why.',
    ['outcome', 'reason']
  )
  const reloads = createCounter('tracebridge_reloads', 'Reloads of the rules.', ['outcome'])
  const handshakes = createCounter(
    'tracebridge_tls_handshakes',
    'TLS handshakes of callers: completed, or why not.',
    ['outcome']
  )
  const families: readonly Family[] = [
    ...durations.families,
    ...context.families,
    failure,
    sampling,
    ...spanFamilies(gauges.spans),
    reloads,
    handshakes,
    createReading(
      'gauge',
      'tracebridge_tls_certificate_expiry_timestamp_seconds',
      'When a certificate that callers are shown expires.',
      ['listener', 'certificate'],
      () => gauges.certificates().map(([listener, name, until]) => [[listener, name], until / 1000])
    ),
    createReading(
      'gauge',
      'tracebridge_rules_loaded_timestamp_seconds',
      'When the rules in force were loaded.',
      [],
      () => [[[], gauges.rulesLoaded() / 1000]]
    ),
    createReading(
      'gauge',
      'tracebridge_sampling_rate',
      'The share of new traces that a route keeps now, before at-most.',
      ['route', labelOf(tags.service)],
      () => gauges.rates().map(([route, tag, rate]) => [[route, tag], rate])
    ),
    createReading(
      'gauge',
      'tracebridge_requests_in_flight',
      'Requests that are not answered yet.',
      [],
      () => [[[], gauges.inFlight()]]
    ),
    createReading(
      'gauge',
      'tracebridge_upgraded_connections',
      'Connections of callers that speak WebSocket now.',
      [],
      () => [[[], gauges.upgraded()]]
    ),
    createReading(
      'gauge',
      'tracebridge_upstream_connections',
      'Connections to a target.',
      ['upstream', 'target'],
      () => gauges.connections().map(({ upstream, target, open }) => [[upstream, target], open])
    ),
    createReading(
      'gauge',
      'tracebridge_upstream_requests',
      'Requests under way to a target.',
      ['upstream', 'target'],
      () => gauges.connections().map(({ upstream, target, running }) => [[upstream, target], running])
    ),
    createReading('gauge', 'tracebridge_draining', '1 from the signal to end until the end.', [], () => [
      [[], gauges.draining() ? 1 : 0]
    ]),
    createReading(
      'counter',
      'tracebridge_access_log_lost',
      'Lines of the access log that had no room, or nowhere to go.',
      [],
      () => [[[], gauges.linesLost()]]
    ),
    ...more,
    ...processFamilies
  ]
  return {
    request: (outcome, kept = false) => {
      durations.request(outcome, kept)
      context.request(outcome)
      if (outcome.failure !== undefined) failure.add([outcome.failure])
    },
    watch: durations.watch,
    refused: code => failure.add([code]),
    judged: ({ outcome, reason }) => sampling.add([outcome, reason]),
    reload: outcome => reloads.add([outcome]),
    handshake: outcome => handshakes.add([outcome]),
    expose: accept => expose(families, accept),
    families
  }
}
