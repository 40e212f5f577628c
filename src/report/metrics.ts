// Every metric of the gateway, exact whatever the sample rate. Names and labels are part of the contract.

import { labelOf } from '../rules/names.ts'
import type { TagNames } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import { version } from '../version.ts'
import type { Counts } from './counts.ts'
import { type Exposition, expose } from './exposition.ts'
import type { Judgement } from './late.ts'
import { knownMethod } from './methods.ts'
import { type AttemptOutcome, answeredAfter, attemptTook, type Outcome } from './outcome.ts'
import { createCounter, createHistogram, createReading, type Example, type Family } from './series.ts'

/** Seconds. https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration */
const durations = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

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
  const serviceLabel = labelOf(tags.service)
  const requestLabels = ['route', 'method', 'status', 'upstream', serviceLabel, labelOf(tags.version)]
  const server = createHistogram(
    'http_server_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its answer; of an upgraded connection, which counts when it ends, to its 101.',
    requestLabels,
    durations
  )
  const client = createHistogram(
    'http_client_request_duration_seconds',
    'Time of one attempt at an upstream.',
    requestLabels,
    durations
  )
  const context = createCounter(
    'tracebridge_context',
    'Requests by the dialect that was followed and what became of the trace: continued, restarted, ignored, absent; and dialects that were malformed or in conflict.',
    ['dialect', 'outcome']
  )
  const malformed = createCounter(
    'tracebridge_malformed',
    'Trace headers that could not be read, by reason.',
    ['dialect', 'reason']
  )
  const conflicts = createCounter(
    'tracebridge_conflicts',
    'Pairs of dialects that named different traces in one request: the one followed, and one that was not.',
    ['winner', 'loser']
  )
  const answers = createCounter(
    'tracebridge_trace_answers',
    'Answers of upstreams that name a trace (traceresponse, Server-Timing): the same as they were sent, another, or malformed.',
    ['upstream', 'outcome']
  )
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
    server,
    client,
    context,
    malformed,
    conflicts,
    answers,
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
      ['route', serviceLabel],
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
      const { attempts, mediation } = outcome
      const labels = labelsOf(outcome, outcome.status, attempts[attempts.length - 1])
      server.observe(labels, answeredAfter(outcome) / 1000, exampleOf(mediation?.span, outcome, kept))
      for (const attempt of attempts) {
        const status = statusOf(attempt) ?? outcome.status
        const seconds = attemptTook(attempt, outcome) / 1000
        client.observe(labelsOf(outcome, status, attempt), seconds, exampleOf(attempt.span, outcome, kept))
        if (attempt.answer !== undefined) {
          answers.add([outcome.route?.upstream.name ?? '', attempt.answer.outcome])
        }
      }
      if (outcome.failure !== undefined) failure.add([outcome.failure])
      countContext(outcome, context.add, malformed.add, conflicts.add)
    },
    refused: code => failure.add([code]),
    judged: ({ outcome, reason }) => sampling.add([outcome, reason]),
    reload: outcome => reloads.add([outcome]),
    handshake: outcome => handshakes.add([outcome]),
    expose: accept => expose(families, accept),
    families
  }
}

function exampleOf(span: TraceContext | undefined, { end }: Outcome, kept: boolean): Example | undefined {
  return kept && span !== undefined ? { traceId: span.traceId, spanId: span.spanId, at: end } : undefined
}

function labelsOf(outcome: Outcome, status: number, attempt: AttemptOutcome | undefined): readonly string[] {
  return [
    outcome.route?.names === undefined ? (outcome.route?.name ?? '') : outcome.template,
    knownMethod(outcome.method),
    String(status),
    outcome.route?.upstream.name ?? '',
    attempt?.target.serviceTag ?? '',
    attempt?.target.version ?? ''
  ]
}

type Add = (values: readonly string[]) => void

function countContext({ mediation }: Outcome, context: Add, malformed: Add, conflicts: Add): void {
  if (mediation === undefined) return
  const { arrival, trust } = mediation
  const { dialect, received } = arrival
  if (received.kind !== 'none' && dialect !== undefined) {
    context([dialect, trust === 'continue' ? 'continued' : trust === 'restart' ? 'restarted' : 'ignored'])
  } else context(['none', 'absent'])
  for (const one of arrival.malformed) {
    context([one.dialect, 'malformed'])
    malformed([one.dialect, one.reason])
  }
  if (received.kind === 'context' && received.discarded !== undefined && dialect !== undefined) {
    malformed([dialect, received.discarded])
  }
  for (const name of mediation.garbledBaggage) malformed([name, 'baggage'])
  for (const conflict of arrival.conflicts) {
    context([conflict.dialect, 'conflict'])
    conflicts([dialect ?? 'none', conflict.dialect])
  }
}

/** recorded = exported + rejected + dropped + queued, at any moment. */
function spanFamilies(counts: Gauges['spans']): readonly Family[] {
  return [
    createReading(
      'counter',
      'tracebridge_spans',
      'Spans by what became of them: exported, rejected by the back end, or dropped for a reason.',
      ['exporter', 'outcome', 'reason'],
      () =>
        [...counts()].flatMap(([exporter, { exported, rejected, dropped }]) => [
          [[exporter, 'exported', ''], exported] as const,
          [[exporter, 'rejected', ''], rejected] as const,
          ...[...dropped].map(([reason, count]) => [[exporter, 'dropped', reason], count] as const)
        ])
    ),
    createReading('counter', 'tracebridge_spans_recorded', 'Spans handed to an exporter.', ['exporter'], () =>
      [...counts()].map(([exporter, { recorded }]) => [[exporter], recorded])
    ),
    createReading('counter', 'tracebridge_spans_bytes', 'Bytes of spans as sent.', ['exporter'], () =>
      [...counts()].map(([exporter, { bytes }]) => [[exporter], bytes])
    ),
    createReading(
      'gauge',
      'tracebridge_span_bytes',
      'Bytes sent for each span that a back end took, on average since the start.',
      ['exporter'],
      () =>
        [...counts()].flatMap(([exporter, { exported, rejected, bytes }]) =>
          exported + rejected === 0 ? [] : [[[exporter], bytes / (exported + rejected)] as const]
        )
    ),
    createReading(
      'gauge',
      'tracebridge_spans_queued',
      'Spans that wait or are under way.',
      ['exporter'],
      () => [...counts()].map(([exporter, { queued }]) => [[exporter], queued])
    ),
    createReading(
      'gauge',
      'tracebridge_spans_queued_bytes',
      'Memory of spans that wait or are under way, roughly.',
      ['exporter'],
      () => [...counts()].map(([exporter, { queuedBytes }]) => [[exporter], queuedBytes])
    ),
    createReading(
      'gauge',
      'tracebridge_spans_capacity',
      'Spans that an exporter has room for.',
      ['exporter'],
      () => [...counts()].map(([exporter, { capacity }]) => [[exporter], capacity])
    ),
    createReading(
      'gauge',
      'tracebridge_exporter_circuit_open',
      'Whether a back end is only probed, after five failures in a row: 1 or 0.',
      ['exporter'],
      () => [...counts()].map(([exporter, { open }]) => [[exporter], open ? 1 : 0])
    )
  ]
}

const processFamilies: readonly Family[] = [
  createReading('gauge', 'tracebridge_build_info', 'The version that runs.', ['version', 'node'], () => [
    [[version, process.versions.node], 1]
  ]),
  createReading('counter', 'process_cpu_seconds', 'CPU time used, user and system.', [], () => {
    const { user, system } = process.cpuUsage()
    return [[[], (user + system) / 1e6]]
  }),
  createReading('gauge', 'process_resident_memory_bytes', 'Resident memory.', [], () => [
    [[], process.memoryUsage.rss()]
  ]),
  createReading('gauge', 'process_start_time_seconds', 'When the process started.', [], () => [
    [[], performance.timeOrigin / 1000]
  ])
]

/** An attempt whose answer is missing, or broke off by the upstream's doing, counts as what its failure stands for. */
function statusOf({ status, failureStatus }: AttemptOutcome): number | undefined {
  return failureStatus !== undefined && failureStatus >= 500 ? failureStatus : (status ?? failureStatus)
}
