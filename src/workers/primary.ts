// The first of several processes: it serves no traffic. It loads the rules, has the admin listener, and answers there
// for all workers as if they were one gateway.
import { randomUUID } from 'node:crypto'
import type { Reloaded } from '../admin/calls.ts'
import { createAdmin } from '../admin/server.ts'
import { inTurn } from '../app/in-turn.ts'
import { unlistened } from '../app/listening.ts'
import { now } from '../app/now.ts'
import type { App } from '../app.ts'
import type { Capture } from '../report/capture.ts'
import { expose } from '../report/exposition.ts'
import type { Log } from '../report/log.ts'
import { createMetrics } from '../report/metrics.ts'
import { migrationOf } from '../report/migration.ts'
import { noGauges } from '../report/no-gauges.ts'
import { createWatched } from '../report/watched.ts'
import type { Complaint } from '../rules/complaint.ts'
import type { Snapshot } from '../rules/files.ts'
import { keysOfNextStart } from '../rules/next-start.ts'
import type { Overrides } from '../rules/overrides.ts'
import type { Rules } from '../rules/rules.ts'
import { createTimed } from '../rules/timed.ts'
import { createWorkerCounts } from './counts.ts'
import { probe } from './probe.ts'
import { rated } from './rated.ts'
import { counted } from './report.ts'
import { createSums } from './sums.ts'
import { createSupervisor, type Hand } from './supervisor.ts'
import { running, spread } from './timed.ts'

/** Rules and the bytes that they came from, or everything that is wrong with them. */
export type Read =
  | { readonly rules: Rules; readonly snapshot: Snapshot }
  | { readonly complaints: readonly Complaint[] }

export type PrimaryOptions = {
  readonly count: number
  readonly path: string | undefined
  readonly overrides: Overrides
  readonly first: { readonly rules: Rules; readonly snapshot: Snapshot }
  /** Reads the rules again. */
  readonly read: () => Read
  readonly log: Log
}

export type Primary = Pick<App, 'listen' | 'admin' | 'reload' | 'reopen' | 'close'>

/** Milliseconds between two looks at each worker, and that it may leave unanswered. */
const lookMs = 5_000
const stuckMs = 60_000
/** For an answer that somebody waits for. */
const answerMs = 2_000
const applyMs = 10_000
/** Beyond what a worker may take to end: spans, lines and pools have deadlines of their own. */
const endMs = 15_000
/** A worker spends at most this share of its time on telling of itself. */
const tellingShare = 0.01

/** Starts everything; rejects with words for an address that cannot be had. */
export async function supervise(options: PrimaryOptions): Promise<Primary> {
  const { count, path, overrides, first, log } = options
  let { rules, snapshot } = first
  let loadedAt = now()
  let retired = false
  let schemes: readonly ('http' | 'https')[] = []
  const epoch = randomUUID()
  let lost = 0
  const since = now()
  const watched = createWatched(now)
  watched.watch(rules.routes)

  const bound = await probe(rules)
  const counts = createWorkerCounts(
    () => serving().length,
    () => silent().length
  )
  const supervisor = createSupervisor({
    count,
    log,
    beginning: () => ({
      path,
      overrides,
      workers: count,
      first: first.snapshot,
      now: snapshot === first.snapshot ? undefined : snapshot,
      bound,
      timed: running(timed),
      retired
    }),
    listening: told => {
      schemes = told
    },
    gone: (hand, why) => {
      if (hand.report !== undefined) sums.bury(hand.report)
      if (mayCount(hand)) lost++
      if (why !== undefined) counts.replaced(why)
    }
  })
  const serving = () => supervisor.hands().filter(({ state }) => state === 'serving')
  const silent = () => supervisor.hands().filter(hand => hand.silent)
  /** Those that have begun: what comes now they have to hear. */
  const hearing = () => supervisor.hands().filter(({ state }) => state === 'serving' || state === 'beginning')

  const sums = createSums(() => supervisor.hands().flatMap(({ report }) => report ?? []))
  const timed = spread(createTimed(now), all => {
    for (const hand of hearing()) supervisor.send(hand, { kind: 'timed', rules: running(all) })
  })
  const own = createMetrics(
    { ...noGauges, draining: () => retired, rulesLoaded: () => loadedAt },
    counts.families,
    first.rules.tags
  )

  function exposition(accept: string | undefined) {
    const all = sums.families(counted(own.families))
    return expose(
      all.map(family => ({ ...family, samples: () => family.samples })),
      accept
    )
  }

  async function refresh(hand: Hand): Promise<void> {
    const answer = await supervisor.ask(hand, id => ({ kind: 'report', id }), answerMs)
    hand.silent ||= answer === undefined && !hand.done
    const took = hand.report?.took ?? 0
    hand.due = performance.now() + Math.max(lookMs, took / tellingShare)
  }

  async function captures(): Promise<readonly Capture[]> {
    const all = await Promise.all(
      serving().map(hand => supervisor.ask(hand, id => ({ kind: 'captures', id }), answerMs))
    )
    const found = all.flatMap(one => (one?.kind === 'captures' ? one.captures : []))
    return found.sort((a, b) => b.time.localeCompare(a.time)).slice(0, rules.captures.keep)
  }

  function look(): void {
    const at = performance.now()
    for (const hand of supervisor.hands()) {
      if (at - hand.heard > stuckMs && hand.state !== 'leaving') supervisor.dismiss(hand, 'stuck')
      else if (hand.state === 'serving' && at >= hand.due) void refresh(hand)
    }
  }

  async function reloadOnce(): Promise<Reloaded> {
    const read = options.read()
    if ('complaints' in read) {
      own.reload('refused')
      log.error('new rules refused, the old ones stay', { complaints: read.complaints })
      return { complaints: read.complaints }
    }
    ;({ rules, snapshot } = read)
    watched.watch(rules.routes)
    await Promise.all(hearing().map(apply))
    loadedAt = now()
    own.reload('applied')
    log.info('new rules in force', { routes: rules.routes.length })
    const waiting = keysOfNextStart(first.rules, rules)
    if (waiting.length > 0) log.warn('some of the new rules take effect at the next start', { keys: waiting })
    return { routes: rules.routes.length }
  }

  /** What serves by rules that nobody else serves by is replaced by one that does not. */
  async function apply(hand: Hand): Promise<void> {
    const current = snapshot
    const answer = await supervisor.ask(hand, id => ({ kind: 'rules', id, snapshot: current }), applyMs)
    if (answer?.kind === 'applied' && answer.ok) return
    if (supervisor.hands().includes(hand) && hand.state !== 'leaving') supervisor.dismiss(hand, 'refused')
  }

  const reload = inTurn(reloadOnce, log)
  const retire = (): void => {
    if (retired) return
    retired = true
    for (const hand of hearing()) supervisor.send(hand, { kind: 'retire' })
  }
  let held: readonly Capture[] = []
  const admin = createAdmin({
    rules: () => rated(rules, sums.rates()),
    timed,
    log,
    metrics: { expose: exposition },
    captures: () => held,
    migration: unneeded => {
      const { routes, clients } = sums
      const tallies = { since, routes, clients, watchedSince: watched.watchedSince }
      return migrationOf(tallies, rules, now(), unneeded)
    },
    latency: () => ({
      instance: rules.service.instance,
      epoch,
      at: new Date(now()).toISOString(),
      since: new Date(since).toISOString(),
      incomplete: silent().map(({ id }) => `worker ${id}`),
      lost,
      ...sums.latency()
    }),
    topology: () => ({ tally: { since, traffic: sums.traffic() }, now: now() }),
    traces: sums.traces,
    ready: () => !retired && serving().length > 0,
    reload,
    retire,
    refresh: async what => {
      if (what === 'captures') held = await captures()
      else await Promise.all(supervisor.hands().filter(mayCount).map(refresh))
    }
  })

  try {
    await supervisor.start()
  } catch (error) {
    await supervisor.end({ kind: 'close', linger: false, within: 0 }, endMs)
    throw error
  }
  const looking = setInterval(look, lookMs / 5)
  const close: App['close'] = async ({ linger, within } = { linger: false }) => {
    clearInterval(looking)
    retired = true
    const { drain } = rules
    const deadline = (linger ? drain.linger : 0) + (within ?? drain.timeout) + endMs
    await supervisor.end({ kind: 'close', linger, within }, deadline)
    await admin.close()
  }
  try {
    const where = await admin.listen(rules.admin).catch(unlistened('admin', rules.admin))
    const listen = bound.map((each, index) => ({ ...each, scheme: schemes[index] ?? ('http' as const) }))
    const reopen = () => {
      for (const hand of hearing()) supervisor.send(hand, { kind: 'reopen' })
    }
    return { listen, admin: where, reload, reopen, close }
  } catch (error) {
    await close({ linger: false, within: 0 })
    throw error
  }
}

/** So it may have counted something that it has not told: one that leaves still serves what it has begun. */
function mayCount({ state, done }: Hand): boolean {
  return !done && (state === 'serving' || state === 'leaving')
}
