// tracebridge serve: the gateway, until a signal ends it.
import { isDeepStrictEqual } from 'node:util'
import { type App, ListenError, start } from '../app.ts'
import { createLog } from '../report/log.ts'
import { formatComplaint } from '../rules/complaint.ts'
import { loadRules } from '../rules/load.ts'
import { warningsOf } from '../rules/warnings.ts'
import { type RulesWatch, watchRules } from '../rules/watch.ts'
import { version } from '../version.ts'
import type { Io } from './io.ts'
import { helpFlag, parseFlags, refuse } from './usage.ts'

export const summary = 'run the gateway (also with no command)'

export const help = `Usage: tracebridge serve [--rules PATH] [--upstream URL] [--listen ADDR] [--admin ADDR]

Runs the gateway. Without flags it serves the embedded demo: an upstream that answers with what it received.

  --rules PATH     a rule file, or a folder of them; watched, and reloaded when it changes
  --upstream URL   one upstream for every request: enough without a rule file, and in place of the routes and
                   upstreams of one
  --listen ADDR    where to serve, over the rules' own: 8080, 0.0.0.0:8080, [::1]:8080
  --admin ADDR     where /metrics, /readyz, /config, /reload and /translate are, over the rules' own
  -h, --help       this text

Signals: SIGTERM and SIGINT drain and end, SIGHUP reloads the rules and opens the access log's file anew.
Exit code: 0 drained, 1 an address cannot be listened on, 2 the rules are refused.
`

/** What serve needs beside text: bytes to stdout, and the signal that asks for a reload. */
export type ServeIo = Io & {
  readonly writeStdout: (bytes: Buffer, done: (error?: Error | null) => void) => unknown
  readonly onHangup: (reload: () => void) => void
}

const flags = {
  rules: { type: 'string' },
  upstream: { type: 'string' },
  listen: { type: 'string' },
  admin: { type: 'string' },
  ...helpFlag
} as const

export async function serve(argv: readonly string[], io: ServeIo, signal: AbortSignal): Promise<number> {
  const parsed = parseFlags(argv, flags)
  if ('complaint' in parsed) return refuse(io, 'serve', parsed.complaint)
  const { values, positionals } = parsed
  if (values.help) {
    io.stdout(help)
    return 0
  }
  if (positionals.length > 0)
    return refuse(io, 'serve', 'it takes flags only; a rule file is named with --rules')
  const { rules: path, ...overrides } = values
  const log = createLog({ level: 'info', write: io.stderr })
  let app: App | undefined
  const reload = () => void app?.reload().catch(() => {})
  const follow = createFollower(reload)
  const load = () => {
    const loaded = loadRules(path, io.env, overrides)
    if (path !== undefined) follow.these(loaded.watch)
    return loaded
  }
  const loaded = load()
  if ('complaints' in loaded) {
    follow.close()
    for (const complaint of loaded.complaints) io.stderr(`${formatComplaint(complaint)}\n`)
    return 2
  }
  try {
    app = await start({ rules: loaded.rules, load, log, stdout: io.writeStdout })
  } catch (error) {
    follow.close()
    if (!(error instanceof ListenError)) throw error
    io.stderr(`tracebridge: ${error.message}\n`)
    return 1
  }
  const warnings = warningsOf(loaded).length
  if (warnings > 0) log.warn('these rules lose something: tracebridge check says what', { warnings })
  const { reopen } = app
  io.onHangup(() => {
    reopen()
    reload()
  })
  // A demo greets a person; in production stdout is the access log's alone.
  if (path === undefined && overrides.upstream === undefined) io.stdout(greeting(app))
  else log.info('listening', { listen: app.listen.map(urlOf), admin: urlOf(app.admin), version })
  await aborted(signal)
  follow.close()
  log.info('draining')
  await app.close()
  log.info('drained')
  return 0
}

/** The admin listener has no scheme: it is always plain. */
type Where = { readonly host: string; readonly port: number; readonly scheme?: 'http' | 'https' }

/** Watches the files that the rules in force came from, secrets they refer to included; a reload can change which. */
function createFollower(onChange: () => void): {
  readonly these: (paths: readonly string[]) => void
  readonly close: () => void
} {
  let followed: readonly string[] = []
  let watch: RulesWatch | undefined
  return {
    these: paths => {
      if (isDeepStrictEqual(paths, followed)) return
      watch?.close()
      watch = watchRules(paths, onChange)
      followed = paths
    },
    close: () => watch?.close()
  }
}

function greeting(app: App): string {
  const [url = ''] = app.listen.map(urlOf)
  const reach = app.listen.some(({ host }) => host === '0.0.0.0' || host === '::') ? ' (every interface)' : ''
  return `tracebridge ${version} listens on ${url}${reach}, admin on ${urlOf(app.admin)}
Try: curl -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' ${url}/hello
`
}

function urlOf({ host, port, scheme = 'http' }: Where): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${scheme}://${name}:${port}`
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
