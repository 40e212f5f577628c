// tracebridge serve: the gateway, until a signal ends it.
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { ListenError } from '../app/listening.ts'
import { type App, start } from '../app.ts'
import { crashDrainMs, crashEndMs, crashed, type OnCrash } from '../crash.ts'
import { createLog } from '../report/log.ts'
import { disk, recorded } from '../rules/files.ts'
import { loadRules } from '../rules/load.ts'
import type { Rules } from '../rules/rules.ts'
import { warningsOf } from '../rules/warnings.ts'
import { type RulesWatch, watchRules } from '../rules/watch.ts'
import { version } from '../version.ts'
import type { Io } from './io.ts'
import { helpFlag, readFlags, refuse, refuseRules } from './usage.ts'

export const summary = 'run the gateway (also with no command)'

export const help = `Usage: tracebridge serve [--rules PATH] [--upstream URL] [--listen ADDR] [--admin ADDR]
                         [--workers N]

Runs the gateway. Without flags it serves the embedded demo: an upstream that answers with what it received.

  --rules PATH     a rule file, or a folder of them; watched, and reloaded when it changes
  --upstream URL   one upstream for every request: enough without a rule file, and in place of the routes and
                   upstreams of one
  --listen ADDR    where to serve, over the rules' own: 8080, 0.0.0.0:8080, [::1]:8080
  --admin ADDR     where /metrics, /readyz, /config, /reload and /translate are, over the rules' own
  --workers N      how many processes serve, or auto for one on each core; 1 is this process itself
  -h, --help       this text

Signals: SIGTERM and SIGINT drain and end, with a rule file SIGTERM after its drain.linger; a second one ends at once.
SIGHUP reloads the rules and opens the access log's file anew.
With workers, signals are for the first process: it tells the others.
Exit code: 0 drained, 1 an address cannot be listened on or a bug ended it, 2 the rules are refused.
`

/** What serve needs beside text: bytes to stdout, and the signal that asks for a reload. */
export type ServeIo = Io & {
  readonly writeStdout: (bytes: Buffer, done: (error?: Error | null) => void) => unknown
  readonly onHangup: (reload: () => void) => void
  readonly onCrash: OnCrash
}

const flags = {
  rules: { type: 'string' },
  upstream: { type: 'string' },
  listen: { type: 'string' },
  admin: { type: 'string' },
  workers: { type: 'string' },
  ...helpFlag
} as const

export async function serve(argv: readonly string[], io: ServeIo, signal: AbortSignal): Promise<number> {
  const parsed = readFlags(argv, flags, io, 'serve', help)
  if ('code' in parsed) return parsed.code
  const { values, positionals } = parsed
  if (positionals.length > 0)
    return refuse(io, 'serve', 'it takes flags only; a rule file is named with --rules')
  const { rules: path, ...overrides } = values
  const log = createLog({ level: 'info', write: io.stderr })
  let app: Serving | undefined
  const reload = () => void app?.reload().catch(() => {})
  const follow = createFollower(reload)
  const load = () => {
    const { files, snapshot } = recorded(disk)
    const loaded = loadRules(path, io.env, overrides, undefined, { from: files, workers: 1 })
    if (path !== undefined) follow.these(loaded.watch)
    return { ...loaded, snapshot }
  }
  const loaded = load()
  if ('complaints' in loaded) {
    follow.close()
    return refuseRules(io, loaded.complaints)
  }
  const bug = crashed(io.onCrash, log).then(() => 'bug' as const)
  try {
    const count = countOf(loaded.rules)
    if (count === 1) app = await start({ rules: loaded.rules, load, log, stdout: io.writeStdout })
    else {
      // Loaded only here: most run as one process.
      const { supervise } = await import('../workers/primary.ts')
      app = await supervise({ count, path, overrides, first: loaded, read: load, log })
    }
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
  const why = await Promise.race([aborted(signal), bug])
  follow.close()
  if (why === 'bug') {
    await Promise.race([
      app.close({ linger: false, within: crashDrainMs }).catch(() => {}),
      sleep(crashEndMs)
    ])
    return 1
  }
  // Who presses Ctrl-C, or tries something out, waits for no load balancer.
  const linger = signal.reason === 'SIGTERM' && path !== undefined
  log.info('draining', linger ? { linger: loaded.rules.drain.linger / 1000 } : {})
  await app.close({ linger })
  log.info('drained')
  return 0
}

type Serving = Pick<App, 'listen' | 'admin' | 'reload' | 'reopen' | 'close'>

function countOf({ workers }: Rules): number {
  return workers === 'auto' ? availableParallelism() : workers
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

function greeting(app: Serving): string {
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
