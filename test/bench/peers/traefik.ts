// Traefik, on one core as Go counts them; it is not in Debian, so only where somebody has put it on the PATH.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, type Peer, startProgram } from './peer.ts'

/** https://doc.traefik.io/traefik/reference/install-configuration/providers/others/file/ */
function routes(upstream: number): string {
  return `http:
  routers: { all: { rule: PathPrefix(\`/\`), service: orders } }
  services: { orders: { loadBalancer: { serversTransport: kept, servers: [{ url: "http://127.0.0.1:${upstream}" }] } } }
  serversTransports: { kept: { maxIdleConnsPerHost: 256 } }
`
}

export const traefik: Peer = {
  name: 'Traefik',
  settings: '`GOMAXPROCS=1`, `maxIdleConnsPerHost: 256`, no access log',
  find: () => findProgram('traefik', 'version'),
  start: (upstream, folder) => {
    const dynamic = join(folder, 'routes.yaml')
    writeFileSync(dynamic, routes(upstream))
    return startProgram(
      'traefik',
      folder,
      'traefik.yaml',
      port => `entryPoints: { in: { address: "127.0.0.1:${port}" } }
providers: { file: { filename: ${dynamic} } }
log: { level: ERROR }
`,
      path => [`--configFile=${path}`],
      { GOMAXPROCS: '1' }
    )
  }
}
