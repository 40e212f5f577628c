// One of several processes that serve: it is told what to do by the first one, and reports to it. It has no admin
// listener, watches no files, and obeys no signals but the first process's word.
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { ListenError } from '../app/listening.ts'
import { type App, type AppOptions, start } from '../app.ts'
import { crashDrainMs, crashEndMs, crashed, type OnCrash } from '../crash.ts'
import { createLog, type Log } from '../report/log.ts'
import { replayed, type Snapshot } from '../rules/files.ts'
import type { Listen } from '../rules/listener.ts'
import { type Loaded, loadRules, type Refusal } from '../rules/load.ts'
import type { Env } from '../rules/references.ts'
import type { Rules } from '../rules/rules.ts'
import { type Beginning, type FromWorker, isToWorker, type ToWorker } from './messages.ts'
import { counted, type Report } from './report.ts'

export type WorkIo = {
  readonly stderr: (text: string) => void
  readonly env: Env
  readonly writeStdout: AppOptions['stdout']
  readonly onCrash: OnCrash
}

/** Serves until it is told to end, or has to; to an exit code. */
export async function work(io: WorkIo): Promise<number> {
  const { worker } = cluster
  if (worker === undefined) throw new Error('not a worker')
  const log = numbered(createLog({ level: 'info', write: io.stderr }), worker.id)
  const bug = crashed(io.onCrash, log).then(() => 'bug' as const)
  const tell = teller(worker)
  let serving: App | undefined
  let ended = (_: Extract<ToWorker, { kind: 'close' }>): void => {}
  const end = new Promise<Extract<ToWorker, { kind: 'close' }>>(resolve => {
    ended = resolve
  })

  // One after the other: rules that come while it begins are put in force over those that it began with.
  let doing: Promise<unknown> = Promise.resolve()
  const next = (todo: () => Promise<unknown>) => {
    doing = doing.then(todo, todo)
  }
  let load = (_: Snapshot): Loaded | Refusal => ({ complaints: [], watch: [] })

  async function begin(beginning: Beginning): Promise<void> {
    load = loaderOf(beginning, io.env)
    const first = load(beginning.first)
    // The same bytes were right in the first process.
    if ('complaints' in first) throw new Error('its rules are refused')
    const app = await start({
      rules: first.rules,
      load: () => first,
      log,
      stdout: io.writeStdout,
      worker: true
    })
    if (beginning.now !== undefined) await apply(app, beginning.now)
    app.timed.replace(beginning.timed)
    if (beginning.retired) app.retire()
    serving = app
    void tell({ kind: 'listening', schemes: app.listen.map(({ scheme }) => scheme) })
  }

  async function apply(app: App, snapshot: Snapshot): Promise<void> {
    const loaded = load(snapshot)
    if ('complaints' in loaded) throw new Error('its rules are refused')
    await app.apply(loaded.rules)
  }

  function obey(message: ToWorker): void {
    if (message.kind === 'begin') next(() => begin(message.beginning).catch(unable))
    else if (message.kind === 'close') ended(message)
    else if (message.kind === 'rules') {
      next(async () => {
        const ok = await (serving === undefined ? Promise.reject() : apply(serving, message.snapshot)).then(
          () => true,
          () => false
        )
        void tell({ kind: 'applied', id: message.id, ok })
      })
    } else if (serving !== undefined) answer(serving, message, tell)
    else {
      // What is said while it begins is not in what it begins with.
      next(async () => {
        if (serving !== undefined) answer(serving, message, tell)
      })
    }
  }

  let fail = (): void => {}
  const failed = new Promise<'failed'>(resolve => {
    fail = () => resolve('failed')
  })
  async function unable(error: unknown): Promise<void> {
    if (error instanceof ListenError) await tell({ kind: 'unlistened', message: error.message })
    else log.error('a worker cannot begin', { error: String(error) })
    fail()
  }

  worker.on('message', (message: unknown) => {
    if (isToWorker(message)) obey(message)
  })
  void tell({ kind: 'here' })
  const why = await Promise.race([bug, end, failed])
  if (why === 'failed') {
    worker.process.channel?.unref()
    return 1
  }
  if (why === 'bug') await tell({ kind: 'leaving' })
  const how = why === 'bug' ? { linger: false, within: crashDrainMs } : why
  const closed = serving?.close(closing(how)) ?? Promise.resolve()
  await (why === 'bug' ? Promise.race([closed.catch(() => {}), sleep(crashEndMs)]) : closed)
  if (serving !== undefined) await tell({ kind: 'report', id: 0, report: reportOf(serving) })
  worker.process.channel?.unref()
  return why === 'bug' ? 1 : 0
}

function closing({ linger, within }: { readonly linger: boolean; readonly within: number | undefined }) {
  return { linger, ...(within === undefined ? {} : { within }) }
}

type Tell = (message: FromWorker) => Promise<void>

function answer(app: App, message: ToWorker, tell: Tell): void {
  if (message.kind === 'report') void tell({ kind: 'report', id: message.id, report: reportOf(app) })
  else if (message.kind === 'captures') {
    void tell({ kind: 'captures', id: message.id, captures: app.captures() })
  } else if (message.kind === 'timed') app.timed.replace(message.rules)
  else if (message.kind === 'retire') app.retire()
  else if (message.kind === 'reopen') app.reopen()
}

function reportOf({ metrics, propagation, rates, latency, topology, traces }: App): Report {
  const begun = performance.now()
  const report = {
    families: counted(metrics.families),
    routes: propagation.routes(),
    clients: propagation.clients(),
    rates: rates(),
    latency: latency(),
    traffic: topology.tally().traffic,
    traces: traces.all()
  }
  return { ...report, took: performance.now() - begun }
}

/** Resolves when it is on its way: what is sent right before the end would else be lost. */
function teller(worker: Worker): Tell {
  return message =>
    new Promise(resolve => {
      if (!worker.isConnected()) resolve()
      else worker.send(message, undefined, () => resolve())
    })
}

function loaderOf(
  { path, overrides, workers, bound, first }: Beginning,
  env: Env
): (snapshot: Snapshot) => Loaded | Refusal {
  let written: readonly Listen[] | undefined
  const load = (snapshot: Snapshot) =>
    loadRules(path, env, overrides, undefined, { from: replayed(snapshot), workers })
  return snapshot => {
    const loaded = load(snapshot)
    if ('complaints' in loaded) return loaded
    if (snapshot === first) written = loaded.rules.listen
    return { ...loaded, rules: placed(loaded.rules, written ?? [], bound) }
  }
}

/** With the ports that were found for those that are 0. */
function placed(rules: Rules, written: readonly Listen[], bound: readonly Listen[]): Rules {
  const listen = rules.listen.map((each, index) => {
    const [was, is] = [written[index], bound[index]]
    return is !== undefined && was?.host === each.host && was.port === each.port
      ? { ...each, port: is.port }
      : each
  })
  return { ...rules, listen }
}

function numbered(log: Log, worker: number): Log {
  return {
    info: (message, fields) => log.info(message, { ...fields, worker }),
    warn: (message, fields) => log.warn(message, { ...fields, worker }),
    error: (message, fields) => log.error(message, { ...fields, worker })
  }
}
