// A whole gateway in this process, from rules as text, on ports of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, type AppOptions, start } from '../src/app.ts'
import { createLog } from '../src/report/log.ts'
import { formatComplaint } from '../src/rules/complaint.ts'
import { loadRules } from '../src/rules/load.ts'

export type Running = {
  readonly app: App
  /** http://127.0.0.1:port, without a slash at the end. */
  readonly url: string
  readonly port: number
  readonly adminUrl: string
  /** The rule file; `rewrite` puts other rules into it. */
  readonly file: string
  readonly rewrite: (yaml: string) => void
  /** Lines of the process log. */
  readonly log: readonly string[]
  /** What the console exporter wrote. */
  readonly printed: readonly string[]
}

const admin = 'admin: { address: 127.0.0.1:0 }\n'

/** What a rule file of a test need not say. */
function ownOf(yaml: string): string {
  const listen = /^listen:/m.test(yaml) ? '' : 'listen: [{ address: 127.0.0.1:0 }]\n'
  return `${listen}${admin}${yaml.includes('access-log:') ? '' : 'access-log: { to: none }\n'}`
}

/** What a test ends with. */
export type Teardown = { readonly teardown: (end: () => unknown) => unknown }

/** `yaml` is rules without `admin`; it listens in plain text and has no access log unless it says so. */
export async function run(t: Teardown, yaml: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  const file = join(folder, 'rules.yaml')
  const rewrite = (text: string) => writeFileSync(file, `${ownOf(text)}${text}`)
  rewrite(yaml)
  const log: string[] = []
  const printed: string[] = []
  const load = () => loadRules(file, process.env)
  const loaded = load()
  if ('complaints' in loaded) throw new Error(loaded.complaints.map(formatComplaint).join('\n'))
  const stdout: AppOptions['stdout'] = (bytes, done) => {
    printed.push(bytes.toString())
    done()
  }
  const app = await start({
    rules: loaded.rules,
    load,
    log: createLog({ level: 'info', write: line => log.push(line) }),
    stdout
  })
  t.teardown(async () => {
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const port = app.listen[0]?.port ?? 0
  const adminUrl = `http://127.0.0.1:${app.admin.port}`
  return { app, url: `http://127.0.0.1:${port}`, port, adminUrl, file, rewrite, log, printed }
}
