// A whole gateway from a ready-made rule file, the very one that users copy: only its addresses come from here.
import { type App, start } from '../src/app.ts'
import { createLog } from '../src/report/log.ts'
import { formatComplaint } from '../src/rules/complaint.ts'
import { loadRules } from '../src/rules/load.ts'
import type { Env } from '../src/rules/references.ts'
import type { Teardown } from './running.ts'

export type ReadyMade = { readonly app: App; readonly port: number; readonly adminUrl: string }

/** `env` is what the file refers to, as a user would set it. No access log unless it says so. */
export async function runFile(t: Teardown, file: string, env: Env): Promise<ReadyMade> {
  const own = { listen: '127.0.0.1:0', admin: '127.0.0.1:0' }
  const load = () => loadRules(file, { HOSTNAME: 'here', ACCESS_LOG: 'none', ...env }, own)
  const loaded = load()
  if ('complaints' in loaded) throw new Error(loaded.complaints.map(formatComplaint).join('\n'))
  const app = await start({
    rules: loaded.rules,
    load,
    log: createLog({ level: 'error', write: () => {} }),
    stdout: (_, done) => done()
  })
  t.teardown(() => app.close())
  return { app, port: app.listen[0]?.port ?? 0, adminUrl: `http://127.0.0.1:${app.admin.port}` }
}
