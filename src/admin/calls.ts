// Every call of the admin listener by its method and path: probes, metrics, the rules in force, what was counted, reload
// and dry run. Must not know who calls.
import type { Capture } from '../report/capture.ts'
import type { LatencyReport } from '../report/latency.ts'
import type { Log } from '../report/log.ts'
import { mapOf } from '../report/map.ts'
import type { Metrics } from '../report/metrics.ts'
import type { Migration } from '../report/migration.ts'
import type { TopologyTally } from '../report/topology.ts'
import type { KeptTrace } from '../report/traces.ts'
import { parseUnneeded, type Unneeded } from '../report/unneeded.ts'
import type { Complaint } from '../rules/complaint.ts'
import type { Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import { randomIds } from '../trace/ids.ts'
import { translate } from '../translate/translate.ts'
import { type Handler, json, pathOf, queryOf, text } from './answer.ts'
import { captureSummaries, capturesOf, capturesPath } from './captures.ts'
import { comparisonFor } from './comparison.ts'
import { drainCalls, drainPath } from './drain.ts'
import { questionOf } from './question.ts'
import { routesOf } from './routes.ts'
import { configOf, samplingCalls } from './sampling.ts'

/** What came of a reload. */
export type Reloaded = { readonly routes: number } | { readonly complaints: readonly Complaint[] }

export type AdminOptions = {
  readonly rules: () => Rules
  /** Sampling rules for a while. */
  readonly timed: Timed
  readonly log: Log
  readonly metrics: Pick<Metrics, 'expose'>
  /** Requests that can be replayed, newest first. */
  readonly captures: () => readonly Capture[]
  /** Which dialects arrive, and what nobody needs any more. */
  readonly migration: (unneeded: Unneeded | undefined) => Migration
  /** How long attempts took, by the tags of targets. */
  readonly latency: () => LatencyReport
  /** What passed between whom, and the time until which that is, in milliseconds since the Unix epoch. */
  readonly topology: () => { readonly tally: TopologyTally; readonly now: number }
  /** Those that were kept last, newest first. */
  readonly traces: () => readonly KeptTrace[]
  /** Serving: rules are loaded, listeners bound, not draining. */
  readonly ready: () => boolean
  readonly reload: () => Promise<Reloaded>
  /** Not ready from now on, though it still serves. */
  readonly retire: () => void
  /** Called before each look at what is counted or captured, where that is elsewhere. */
  readonly refresh?: (what: 'captures' | 'counts') => Promise<void>
}

/** Handlers by path, by method. */
export type Calls = ReadonlyMap<string, ReadonlyMap<string, Handler>>

export function callsOf(options: AdminOptions): Calls {
  const { rules, metrics, timed } = options
  const drain = drainCalls(options.retire)
  const sampling = samplingCalls(rules, timed, options.log)
  const gets: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    ['/livez', () => text(200, 'ok\n')],
    ['/readyz', () => (options.ready() ? text(200, 'ok\n') : text(503, 'not ready\n'))],
    [
      '/metrics',
      request => {
        const exposition = metrics.expose(request.headers.accept)
        return { status: 200, contentType: exposition.contentType, body: exposition.text }
      }
    ],
    ['/config', () => json(200, configOf(rules(), timed))],
    ['/sampling', sampling.get],
    [drainPath, drain.get],
    [capturesPath, () => json(200, captureSummaries(options.captures()))],
    [
      `${capturesPath}/`,
      request => {
        const found = capturesOf(options.captures(), pathOf(request))
        return found === undefined
          ? json(404, { error: 'no request of this trace is held' })
          : json(200, found)
      }
    ],
    [
      '/api/propagation',
      request => {
        const asked = queryOf(request).get('unneeded')
        const unneeded = asked === null ? undefined : parseUnneeded(asked)
        return asked !== null && unneeded === undefined
          ? json(400, { error: 'unneeded: expected a time such as 30m, 12h or 7d' })
          : json(200, options.migration(unneeded))
      }
    ],
    [
      '/api/topology',
      () => {
        const { tally, now } = options.topology()
        return json(200, mapOf(tally, rules().service, rules().tags, now))
      }
    ],
    [
      '/api/routes',
      () => {
        const { tally, now } = options.topology()
        return json(200, { routes: routesOf(rules(), timed, tally, now) })
      }
    ],
    ['/api/traces', () => json(200, { traces: options.traces() })],
    // On one line: a thousand sketches on a line for each count would be many times as long.
    ['/api/latency', () => ({ ...json(200, {}), body: `${JSON.stringify(options.latency())}\n` })],
    [
      '/api/compare',
      request => {
        const compared = comparisonFor(queryOf(request), options.latency())
        return 'problem' in compared ? json(400, { error: compared.problem }) : json(200, compared)
      }
    ]
  ])
  const posts: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    [
      '/reload',
      async () => {
        const reloaded = await options.reload()
        return 'complaints' in reloaded
          ? json(422, { ok: false, ...reloaded })
          : json(200, { ok: true, ...reloaded })
      }
    ],
    [drainPath, drain.post],
    [
      '/translate',
      (_, body) => {
        const asked = questionOf(body)
        return 'problem' in asked
          ? json(400, { error: asked.problem })
          : json(200, translate(rules(), asked.question, randomIds, timed).translation)
      }
    ]
  ])

  return new Map([
    ['GET', gets],
    ['HEAD', gets],
    ['POST', posts],
    ['PUT', new Map([['/sampling', sampling.put]])],
    ['DELETE', new Map([['/sampling', sampling.end]])]
  ])
}
