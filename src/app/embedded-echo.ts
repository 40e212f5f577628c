// The embedded upstream: it answers over a loopback connection like any other, so that all requests go one path.
import type { Echo } from '../echo/server.ts'
import type { Rules } from '../rules/rules.ts'
import type { UpstreamTarget } from '../rules/upstream.ts'

export type EmbeddedEcho = { readonly server: Echo; readonly target: UpstreamTarget }

/** Undefined where no upstream is embedded. */
export async function embeddedEcho(rules: Rules): Promise<EmbeddedEcho | undefined> {
  if (![...rules.upstreams.values()].some(upstream => upstream.echo)) return undefined
  // Loaded only here: OpenTelemetry's propagators cost more than the rest of the start.
  const { createEcho } = await import('../echo/server.ts')
  const server = await createEcho()
  const host = '127.0.0.1'
  const { port } = await server.listen(host, 0)
  const origin = `http://${host}:${port}`
  const target = { origin, host, port, weight: 1, tags: new Map(), serviceTag: '', version: '', side: '' }
  return { server, target }
}
