// The admin listener: who may call, how calls are answered, and how long one may take. Which calls there are is in
// calls.ts. Loopback unless the rules say otherwise.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { listenOn } from '../listen.ts'
import type { Listen } from '../rules/listener.ts'
import { type Answer, json, pathOf } from './answer.ts'
import { bodyOf } from './body.ts'
import { type AdminOptions, callsOf } from './calls.ts'
import { capturesPath, isCaptures } from './captures.ts'
import { drainPath } from './drain.ts'
import { refusal } from './guard.ts'

export type Admin = {
  /** Where it listens; rejects with the error of node:net. */
  readonly listen: (where: Listen) => Promise<Listen>
  readonly close: () => Promise<void>
}

const probes: ReadonlySet<string> = new Set(['/livez', '/readyz', drainPath])

export function createAdmin(options: AdminOptions): Admin {
  const { rules } = options
  const methods = callsOf(options)

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
