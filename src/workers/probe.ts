// Whether the addresses of the rules can be had: workers share them, and could not tell that somebody else has one.
import { createServer } from 'node:net'
import { unlistened } from '../app/listening.ts'
import { listenOn } from '../listen.ts'
import type { Listen } from '../rules/listener.ts'
import type { Rules } from '../rules/rules.ts'

/** By us alone; says which port stands for 0. Rejects with words for one that cannot be had. */
export async function probe(rules: Rules): Promise<readonly Listen[]> {
  const found: Listen[] = []
  const servers = []
  for (const where of rules.listen) {
    const server = createServer()
    servers.push(server)
    found.push({
      host: where.host,
      port: await listenOn(server, where.host, where.port).catch(unlistened('listen', where))
    })
  }
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return found
}
