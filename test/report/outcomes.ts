// Finished requests for tests of what is told about them; what a test is about it says itself.

import { attempt, mediate } from '../../src/mediate/mediate.ts'
import type { Trust } from '../../src/mediate/policy.ts'
import type { AttemptOutcome, Outcome } from '../../src/report/outcome.ts'
import type { Route } from '../../src/rules/rules.ts'
import type { UpstreamTarget } from '../../src/rules/upstream.ts'
import { hop } from '../call.ts'
import { countedIds, planOf, policyOf } from '../mediate/policies.ts'
import { type Headers, readerOf } from '../vectors/vectors.ts'

export const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
export const spanId = '00f067aa0ba902b7'
export const sampled: Headers = [['traceparent', `00-${traceId}-${spanId}-01`]]

/** 2026-01-02T03:04:05.006Z */
export const start = 1_767_323_045_006

export const target: UpstreamTarget = {
  origin: 'http://orders:8080',
  host: 'orders',
  port: 8080,
  weight: 1,
  tags: new Map(),
  serviceTag: '',
  version: '',
  side: ''
}

const timeouts = { connect: 5000, firstByte: 60_000, idle: 300_000, upgradeIdle: 3_600_000 }

export function routeOf(differing: Partial<Route> = {}): Route {
  return {
    name: '/orders/{id}',
    template: '/orders/{id}',
    names: undefined,
    match: { host: undefined, path: '/orders/{id}', methods: undefined, headers: undefined },
    paths: 'strict',
    upgrade: [],
    upstream: {
      name: 'orders',
      targets: [target],
      echo: false,
      protocol: 'http1',
      timeouts,
      tls: undefined,
      limits: {
        connections: 256,
        pending: 1024,
        connectionAgeMs: 300_000,
        keepAliveMs: 4000,
        header: 65_536
      },
      ejection: undefined,
      resend: 'reused',
      resendMethods: 'safe',
      health: undefined,
      split: { matches: [], sticky: undefined, carry: undefined, fallback: 'any' }
    },
    policy: policyOf(),
    sampling: () => planOf(),
    rates: () => [['', 1]],
    failed: () => {},
    slowerThanMs: 1000,
    capture: undefined,
    cors: undefined,
    respond: [],
    timeouts: { ...timeouts, request: undefined },
    retries: 1,
    maxBody: undefined,
    ...differing
  }
}

/** What a test may say of an attempt. */
export type Tried = Partial<Omit<AttemptOutcome, 'span'>>

/**
 * A request with these headers from a caller trusted so, and its attempts: one that went well unless told otherwise.
 */
export function outcomeOf(
  differing: Partial<Omit<Outcome, 'attempts' | 'mediation'>> = {},
  {
    headers = sampled,
    trust = 'continue',
    tries = [{}]
  }: { readonly headers?: Headers; readonly trust?: Trust; readonly tries?: readonly Tried[] } = {}
): Outcome {
  const { route = routeOf() } = differing
  const ids = countedIds()
  const plan = planOf()
  const mediation = mediate(readerOf(headers), route.policy, plan, trust, ids)
  return {
    method: 'GET',
    scheme: 'http',
    host: 'shop.example.com',
    path: '/orders/7',
    query: '',
    httpVersion: '1.1',
    client: '10.0.0.9',
    identity: undefined,
    userAgent: undefined,
    route,
    template: route.template,
    mediation,
    attempts: tries.map((tried, i) => ({
      span: attempt(mediation, route.policy, plan, ids, { ...hop, number: i + 1 }).span,
      target,
      start: start + 1 + i,
      end: start + 11 + i,
      status: 200,
      failure: undefined,
      failureStatus: undefined,
      cause: undefined,
      answer: undefined,
      grpc: undefined,
      ...tried
    })),
    status: 200,
    failure: undefined,
    evidence: undefined,
    bytes: 42,
    start,
    end: start + 12.5,
    ...differing
  }
}

/** A request that touched no trace. */
export function untraced(differing: Partial<Outcome> = {}): Outcome {
  return { ...outcomeOf(), mediation: undefined, attempts: [], ...differing }
}
