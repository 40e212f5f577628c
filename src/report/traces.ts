// The traces that were kept last, to look them up in a back end: GET /api/traces. A ring, bounded; it holds no path, no
// query and nothing that a caller has written but the trace id.
import type { Tags } from '../rules/rules.ts'
import type { Late } from './late.ts'
import { knownMethod } from './methods.ts'
import type { Outcome } from './outcome.ts'

/** Its keys are part of the contract. */
export type KeptTrace = {
  /** When the request began, ISO 8601. */
  readonly time: string
  readonly traceId: string
  /** '' without a route. */
  readonly route: string
  readonly method: string
  /** The path template; '' without a route. */
  readonly template: string
  readonly status: number
  /** A code of the table of failures. */
  readonly failure: string | null
  readonly durationMs: number
  /** Why it was kept: as `tracebridge.sampling.reason`. */
  readonly reason: string
  /** The dialect that was followed; null where the trace began here. */
  readonly dialect: string | null
  readonly upstream: string | null
  /** Of the target that served. */
  readonly tags: Readonly<Record<string, string>>
}

export type Traces = {
  /** Keeps a finished request whose spans are reported; `late` is why, where it was not sampled. */
  readonly request: (outcome: Outcome, late: Late | undefined) => void
  /** Newest first. */
  readonly all: () => readonly KeptTrace[]
}

const held = 200

/** As it is held: what takes time to write is written when somebody asks. */
type Entry = Omit<KeptTrace, 'time' | 'tags'> & { readonly start: number; readonly tags: Tags }

const untagged: Tags = new Map()

export function createTraces(): Traces {
  const ring: Entry[] = []
  let next = 0
  return {
    request: (outcome, late) => {
      const entry = entryOf(outcome, late)
      if (entry === undefined) return
      ring[next] = entry
      next = (next + 1) % held
    },
    all: () =>
      [...ring.slice(next), ...ring.slice(0, next)].reverse().map(({ start, tags, ...entry }) => ({
        time: new Date(start).toISOString(),
        ...entry,
        tags: Object.fromEntries(tags)
      }))
  }
}

/** Those of several processes: the newest of all. */
export function newestTraces(all: readonly (readonly KeptTrace[])[]): readonly KeptTrace[] {
  return all
    .flat()
    .sort((a, b) => b.time.localeCompare(a.time))
    .slice(0, held)
}

function entryOf(outcome: Outcome, late: Late | undefined): Entry | undefined {
  const { mediation, route, attempts, start } = outcome
  if (mediation === undefined) return undefined
  const { arrival, span, why } = mediation
  const followed = arrival.received.kind === 'none' ? undefined : arrival.dialect
  return {
    start,
    traceId: span.traceId,
    route: route?.name ?? '',
    method: knownMethod(outcome.method),
    template: outcome.template,
    status: outcome.status,
    failure: outcome.failure ?? null,
    durationMs: Math.round((outcome.end - start) * 1000) / 1000,
    reason: late ?? why,
    dialect: followed ?? null,
    upstream: route?.upstream.name ?? null,
    tags: attempts[attempts.length - 1]?.target.tags ?? untagged
  }
}
