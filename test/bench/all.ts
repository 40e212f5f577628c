// The whole bench, part by part. A part that fails says why, and the others go on.
import { type Cell, type Contender, measure, measureAround, type Rounds } from './cost.ts'
import { spanOutcomes } from './gateway.ts'
import { benchGrowth, benchWorkers } from './growth.ts'
import { benchIdle } from './idle.ts'
import { benchLatency, type LatencySettings } from './latency.ts'
import { type Load, loads } from './loads.ts'
import { benchLookup } from './lookup.ts'
import { machine } from './machine.ts'
import { benchHeart } from './mediate.ts'
import type { Cost, Curve, Numbers, PeerNote, Sent } from './numbers.ts'
import { peers } from './peers/all.ts'
import { benchProfile } from './profiling.ts'
import { benchScrape } from './scrape.ts'
import { settings } from './settings.ts'
import { benchSpans } from './span.ts'
import type { Stage } from './stage.ts'
import { benchStarts } from './starting.ts'

const seconds = 1000

export type Extent = {
  readonly small: Rounds
  readonly others: Rounds
  readonly growth: Rounds
  readonly latency: LatencySettings
  /** Of the parts without sockets. */
  readonly calls: { readonly rounds: number; readonly each: number }
  readonly starts: number
  readonly idle: number
  readonly profileMs: number
}

/** With these budgets it takes a quarter of an hour on a quiet machine, and little more on a busy one. */
export const full: Extent = {
  small: { rounds: 11, share: 1, budgetMs: 200 * seconds },
  others: { rounds: 7, share: 1, budgetMs: 60 * seconds },
  growth: { rounds: 7, share: 0.75, budgetMs: 40 * seconds },
  latency: { rounds: 3, perSecond: 2000, milliseconds: 3 * seconds },
  calls: { rounds: 15, each: 200_000 },
  starts: 11,
  idle: 10_000,
  profileMs: 10 * seconds
}

/** To see that everything runs; its numbers are good for nothing. */
export const brief: Extent = {
  small: { rounds: 2, share: 0.05, budgetMs: 5 * seconds },
  others: { rounds: 1, share: 0.05, budgetMs: 5 * seconds },
  growth: { rounds: 1, share: 0.05, budgetMs: 5 * seconds },
  latency: { rounds: 1, perSecond: 200, milliseconds: 1 * seconds },
  calls: { rounds: 2, each: 5000 },
  starts: 1,
  idle: 500,
  profileMs: 2 * seconds
}

type Say = (text: string) => void

/** `say` is told what is being measured. */
export async function benchAll(stage: Stage, extent: Extent, say: Say): Promise<Numbers> {
  const part = async <T>(
    name: string,
    run: () => T | Promise<T>,
    otherwise: (why: string) => T
  ): Promise<T> => {
    say(name)
    try {
      return await run()
    } catch (error) {
      const why = error instanceof Error ? error.message : `${error}`
      say(`${name}: ${why}`)
      await stage.clear()
      return otherwise(why)
    }
  }
  const none = () => []
  const failed = (why: string) => ({ failed: why })

  const began = machine()
  const { calls } = extent
  const heart = await part('the heart', () => benchHeart(calls.rounds, calls.each), none)
  const spans = await part('spans', () => benchSpans(calls.rounds, 4000), none)
  const scrape = await part('a scrape', () => benchScrape(calls.rounds), none)
  const lookup = await part('routes', () => benchLookup(calls.rounds, calls.each), none)
  const beside = await part<Beside>(
    'peers',
    () => benchPeers(stage, extent, say),
    () => nobody
  )
  const curves = await part('growth', () => benchGrowth(stage, extent.growth, say), none)
  const workers = await part<Curve[]>('workers', async () => [await benchWorkers(stage, extent.growth)], none)
  const idle = await part<Numbers['idle']>(
    'idle connections',
    () => benchIdle(stage, extent.idle, extent.others),
    failed
  )
  const starts = await part('starts', () => benchStarts(stage, extent.starts), none)
  const profile = await part<Numbers['profile']>(
    'a profile',
    () => benchProfile(stage, extent.profileMs),
    failed
  )
  return {
    ...{ machine: began, heart, spans, scrape, lookup, ...beside },
    ...{ curves: [...curves, ...workers], idle, starts, profile }
  }
}

type Beside = Pick<Numbers, 'peers' | 'around' | 'costs' | 'sent' | 'latency'>

/** All of them run at once, and each is asked in turn. */
const nobody: Beside = { peers: [], around: [], costs: [], sent: [], latency: { perSecond: 0, of: [] } }

async function benchPeers(stage: Stage, extent: Extent, say: Say): Promise<Beside> {
  const around = await measureAround(stage, loads.small, extent.latency.rounds)
  const pipe = await stage.pipe()
  const bare = await stage.gateway(settings.bare)
  const whole = await stage.gateway(settings.at30)
  const others: Contender[] = []
  const notes: PeerNote[] = []
  for (const peer of peers) {
    const { found, contender } = await stage.peer(peer)
    const { name, settings } = peer
    notes.push('missing' in found ? { name, settings, version: '', ...found } : { name, settings, ...found })
    if (contender !== undefined) others.push(contender)
  }
  const rest = [settings.mediation, settings.at0, settings.at1, settings.at100]
  const variants = await Promise.all(rest.map(setting => stage.gateway(setting)))
  const four = await stage.gateway(settings.four)

  const costs: Cost[] = []
  const under = async (load: Load, contenders: readonly Contender[], rounds: Rounds) => {
    say(`peers: ${load.name}`)
    const cells: Cell[] = contenders.map(contender => ({ contender, load }))
    costs.push(...(await measure(stage.loader, cells, rounds)))
  }
  const all = [pipe, bare, whole, ...others]
  await under(loads.small, [...all, ...variants], extent.small)
  await under(loads.four, [pipe, bare, whole, four], extent.others)
  for (const load of [loads.post, loads.download, loads.events, loads.many])
    await under(load, all, extent.others)
  say('peers: latency')
  const of = await benchLatency(all, extent.latency)
  const sent: Sent[] = []
  for (const one of [whole, ...variants, four]) sent.push(await sentBy(one))
  await stage.clear()
  return { peers: notes, around, costs, sent, latency: { perSecond: extent.latency.perSecond, of } }
}

/** What became of all spans of a gateway so far. */
async function sentBy({ name, admin = 0 }: Contender): Promise<Sent> {
  const outcomes = await spanOutcomes(admin)
  const of = (outcome: string) => outcomes.get(outcome) ?? 0
  return { contender: name, exported: of('exported'), rejected: of('rejected'), dropped: of('dropped') }
}
