// How long requests and attempts took, as histograms. Labels are few and of few values: none of a caller's bytes.

import { labelOf } from '../rules/names.ts'
import type { Route, TagNames } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import { grpcNameOf } from './grpc.ts'
import { knownMethod } from './methods.ts'
import { type AttemptOutcome, answeredAfter, attemptTook, type Outcome } from './outcome.ts'
import { createHistogram, type Example, type Family, type Labels } from './series.ts'

/** Seconds. https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export type Durations = {
  /** Counts a finished request and its attempts; one whose spans are `kept` stands as an example of its kind. */
  readonly request: (outcome: Outcome, kept: boolean) => void
  /** The routes in force from now on: what they name no more goes where there is no room for what they name. */
  readonly watch: (routes: readonly Pick<Route, 'upstream'>[]) => void
  readonly families: readonly Family[]
}

/** `tags` give two labels their names. */
export function createDurations(tags: TagNames): Durations {
  const labels = [
    ...['route', 'method', 'status', 'grpc_status', 'upstream'],
    ...[labelOf(tags.service), labelOf(tags.version)]
  ]
  const server = createHistogram(
    'http_server_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its answer; of an upgraded connection, which counts when it ends, to its 101.',
    labels,
    bounds
  )
  const client = createHistogram(
    'http_client_request_duration_seconds',
    'Time of one attempt at an upstream.',
    labels,
    bounds
  )
  return {
    request: (outcome, kept) => {
      const { attempts, mediation } = outcome
      const of = labelsOf(outcome, outcome.status, attempts[attempts.length - 1])
      server.observe(of, answeredAfter(outcome) / 1000, exampleOf(mediation?.span, outcome, kept))
      for (const attempt of attempts) {
        const status = statusOf(attempt) ?? outcome.status
        const seconds = attemptTook(attempt, outcome) / 1000
        client.observe(labelsOf(outcome, status, attempt), seconds, exampleOf(attempt.span, outcome, kept))
      }
    },
    watch: routes => {
      const inForce = releasesOf(routes)
      const [service, version] = [labelOf(tags.service), labelOf(tags.version)]
      const gone = (labels: Labels) => {
        const values = new Map(labels)
        return !inForce.has(
          releaseOf(values.get('upstream'), values.get(service) ?? '', values.get(version) ?? '')
        )
      }
      server.outdate(gone)
      client.outdate(gone)
    },
    families: [server, client]
  }
}

/** Of all targets, and those of requests that came to none. */
function releasesOf(routes: readonly Pick<Route, 'upstream'>[]): ReadonlySet<string> {
  const releases = new Set([releaseOf('other', 'other', 'other'), releaseOf('', '', '')])
  for (const { name, targets } of routes.map(({ upstream }) => upstream)) {
    releases.add(releaseOf(name, '', ''))
    for (const { serviceTag, version } of targets) releases.add(releaseOf(name, serviceTag, version))
  }
  return releases
}

function releaseOf(upstream = '', serviceTag: string, version: string): string {
  return JSON.stringify([upstream, serviceTag, version])
}

function exampleOf(span: TraceContext | undefined, { end }: Outcome, kept: boolean): Example | undefined {
  return kept && span !== undefined ? { traceId: span.traceId, spanId: span.spanId, at: end } : undefined
}

function labelsOf(outcome: Outcome, status: number, attempt: AttemptOutcome | undefined): readonly string[] {
  return [
    outcome.route?.names === undefined ? (outcome.route?.name ?? '') : outcome.template,
    knownMethod(outcome.method),
    String(status),
    grpcNameOf(attempt?.grpc) ?? '',
    outcome.route?.upstream.name ?? '',
    attempt?.target.serviceTag ?? '',
    attempt?.target.version ?? ''
  ]
}

/** An attempt whose answer is missing, or broke off by the upstream's doing, counts as what its failure stands for. */
function statusOf({ status, failureStatus }: AttemptOutcome): number | undefined {
  return failureStatus !== undefined && failureStatus >= 500 ? failureStatus : (status ?? failureStatus)
}
