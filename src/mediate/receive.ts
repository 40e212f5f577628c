// Listens to every accepted dialect: who spoke, and who was garbled. Who is followed where several spoke is arbitrate's.
import type { Read, Reader } from '../dialects/dialect.ts'
import { absent, malformed as malformedBy, type Received } from '../trace/context.ts'
import { arbitrate, type Conflict } from './arbitrate.ts'
import type { Spoken } from './lend.ts'
import type { Precedence } from './policy.ts'

export type { Conflict } from './arbitrate.ts'
export type { Spoken } from './lend.ts'

/** A dialect whose bytes could not be read, and why; both are low in cardinality. */
export type Malformed = { readonly dialect: string; readonly reason: string }

/** What the accepted dialects said, taken together. */
export type Arrival = {
  /** Whose word is followed; undefined when nobody said anything. */
  readonly dialect: string | undefined
  readonly received: Received
  readonly malformed: readonly Malformed[]
  readonly conflicts: readonly Conflict[]
  /** All that said something, in order of precedence; without those that another one supersedes. */
  readonly spoken: readonly Spoken[]
}

const nobody: readonly never[] = []
const silence: Arrival = {
  dialect: undefined,
  received: absent,
  malformed: nobody,
  conflicts: nobody,
  spoken: nobody
}

/**
 * Listens to all that `accept` names; where more than one speaks, `by` chooses. A trace without a parent and a lone
 * decision count while no context is there: `b3: 0` must not be lost because `traceparent` is absent. Pure; never
 * throws.
 */
export function receive(read: Read, accept: readonly Reader[], by: Precedence = 'first'): Arrival {
  let malformed: Malformed[] | undefined
  let spoken: Spoken[] | undefined
  let superseded: readonly string[] = nobody
  for (const dialect of accept) {
    if (superseded.length > 0 && superseded.includes(dialect.name)) continue
    const received = dialect.extract(read)
    if (received === absent) continue
    if (received.kind === 'none') {
      if (received.malformed) {
        malformed ??= []
        malformed.push({ dialect: dialect.name, reason: received.reason })
      }
      continue
    }
    if (dialect.supersedes.length > 0) superseded = [...superseded, ...dialect.supersedes]
    spoken ??= []
    spoken.push({ dialect: dialect.name, received })
  }
  if (spoken === undefined) return malformed === undefined ? silence : garbled(malformed)
  const [only] = spoken
  if (spoken.length === 1 && only !== undefined) {
    const { dialect, received } = only
    return { dialect, received, malformed: malformed ?? nobody, conflicts: nobody, spoken }
  }
  return { ...arbitrate(spoken, accept, by), malformed: malformed ?? nobody, spoken }
}

/** The last one's reason stands for all: it is where the falling back ended. */
function garbled(malformed: readonly Malformed[]): Arrival {
  const last = malformed[malformed.length - 1]
  const received = last === undefined ? absent : malformedBy(last.reason)
  return { dialect: last?.dialect, received, malformed, conflicts: nobody, spoken: nobody }
}
