// The admin listener: probes, metrics, the rules in force, reload and dry run. Loopback unless the rules say otherwise.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { listenOn } from '../listen.ts'
import type { Capture } from '../report/capture.ts'
import type { LatencyReport } from '../report/latency.ts'
import type { Log } from '../report/log.ts'
import { mapOf } from '../report/map.ts'
import type { Metrics } from '../report/metrics.ts'
import { type Migration, parseUnneeded, type Unneeded } from '../report/migration.ts'
import type { TopologyTally } from '../report/topology.ts'
import type { KeptTrace } from '../report/traces.ts'
import type { Complaint, Listen, Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import { randomIds } from '../trace/ids.ts'
import { translate } from '../translate/translate.ts'
import { type Answer, type Handler, json, pathOf, queryOf, text } from './answer.ts'
import { captureSummaries, capturesOf, capturesPath, isCaptures } from './captures.ts'
import { comparisonFor } from './comparison.ts'
import { drainCalls, drainPath } from './drain.ts'
import { refusal } from './guard.ts'
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

export type Admin = {
  /** Where it listens; rejects with the error of node:net. */
  readonly listen: (where: Listen) => Promise<Listen>
  readonly close: () => Promise<void>
}

/** Bytes of a body; a dry run needs no more. */
const longestBody = 64 * 1024

const probes: ReadonlySet<string> = new Set(['/livez', '/readyz', drainPath])

export function createAdmin(options: AdminOptions): Admin {
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

  const methods: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
    ['GET', gets],
    ['HEAD', gets],
    ['POST', posts],
    ['PUT', new Map([['/sampling', sampling.put]])],
    ['DELETE', new Map([['/sampling', sampling.end]])]
  ])

  async function answer(request: IncomingMessage): Promise<Answer> {
    const asked = pathOf(request)
    const path = asked.startsWith(`${capturesPath}/`) ? `${capturesPath}/` : asked
    const reading = request.method === 'GET' || request.method === 'HEAD'
    const handler = methods.get(request.method ?? '')?.get(path)
    if (handler === undefined) {
      const allowed = [...methods].filter(([, handlers]) => handlers.has(path)).map(([method]) => method)
      if (allowed.length === 0) return json(404, { error: 'not found' })
      return { ...json(405, { error: 'method not allowed' }), fields: ['Allow', allowed.join(', ')] }
    }
    // What people sent is not for everybody who may look at metrics.
    if (!reading || isCaptures(path) || path === drainPath) {
      const { host, origin, authorization } = request.headers
      const refused = refusal({ host, origin, authorization }, rules().admin.host, rules().admin.token)
      if (refused !== undefined) return refusing(refused)
    }
    const body = await bodyOf(request)
    if (body === undefined) return json(413, { error: 'the body is too large' })
    // Probes wait for nobody.
    if (reading && !probes.has(path)) await options.refresh?.(isCaptures(path) ? 'captures' : 'counts')
    return handler(request, body)
  }

  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (request, response) => {
    answer(request).then(
      done => send(request, response, done),
      () => send(request, response, json(500, { error: 'internal' }))
    )
  })
  return {
    listen: where => listen(server, where),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

async function listen(server: Server, { host, port }: Listen): Promise<Listen> {
  const bound = await listenOn(server, host, port)
  // From here on: a connection that could not be accepted. It is no reason to stop.
  server.on('error', () => {})
  return { host, port: bound }
}

/** Who must show a token is told of which kind: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2 */
function refusing({ status, message }: { readonly status: 401 | 403; readonly message: string }): Answer {
  const answer = json(status, { error: message })
  return status === 401 ? { ...answer, fields: ['WWW-Authenticate', 'Bearer'] } : answer
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body, fields = [] }: Answer
): void {
  // What was not read of a body must not be taken for the next request.
  if (!request.complete) response.shouldKeepAlive = false
  response.writeHead(status, [
    ...['Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(body))],
    ...['Cache-Control', 'no-store', ...fields]
  ])
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Undefined for a body that is too large. */
function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= longestBody) chunks.push(chunk)
      else {
        request.pause()
        resolve(undefined)
      }
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString()))
    request.on('error', reject)
  })
}
