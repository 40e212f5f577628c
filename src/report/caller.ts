// Who called, as a node of a map: the most that a caller has proven or, where it is believed, said of itself. It never
// holds an address, and of a stranger nothing but a class.
import type { Mediation } from '../mediate/mediate.ts'
import { percentDecode } from '../trace/percent.ts'
import { cut, maxName } from '../trace/sw8.ts'
import { groupOf } from './client-group.ts'
import type { Outcome } from './outcome.ts'
import { bounded } from './redact.ts'

export type Caller = {
  readonly kind: 'caller'
  /** How it is known: by its certificate, a trace dialect, baggage, or what its User-Agent begins with. */
  readonly by: 'identity' | 'dialect' | 'baggage' | 'agent' | 'other'
  /** At most 50 characters; of an identity as many as a span has. */
  readonly name: string
  /** Of an `agent` its network; `outside` for callers that are not believed; else ''. */
  readonly from: string
  /** It is not believed. */
  readonly stranger: boolean
}

// https://www.w3.org/TR/baggage/#definition, of the members that are called so
const service =
  /(?:^|,)[ \t]{0,8}service(?:\.name)?[ \t]{0,8}=[ \t]{0,8}([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,200})/
// Names go where terminals and logs show them.
const controls = /\p{Cc}/u

/** Whom a finished request came from. */
export function callerOf({ identity, mediation, userAgent, client }: Outcome): Caller {
  const trust = mediation?.trust ?? 'ignore'
  const stranger = trust !== 'continue'
  if (identity !== undefined) return named('identity', bounded(identity), stranger)
  if (!stranger && mediation !== undefined) {
    const spoken = nameInDialect(mediation)
    if (spoken !== undefined) return named('dialect', spoken, stranger)
    const carried = nameInBaggage(mediation.baggage)
    if (carried !== undefined) return named('baggage', carried, stranger)
  }
  const { agent, from } = groupOf(userAgent, client, trust)
  return { kind: 'caller', by: 'agent', name: agent, from, stranger }
}

function named(by: Caller['by'], name: string, stranger: boolean): Caller {
  return { kind: 'caller', by, name, from: stranger ? 'outside' : '', stranger }
}

/** SkyWalking and EagleEye name the service that calls: the last hop, not one before. */
function nameInDialect({ arrival: { received } }: Mediation): string | undefined {
  if (received.kind !== 'context') return undefined
  const { residue } = received.context
  const name = residue?.get('sw8.service') ?? residue?.get('eagleeye.app')
  return name === undefined ? undefined : cut(name, maxName)
}

/** From what goes on in W3C's form; whoever put it there may be hops away, so it is asked after the dialects. */
function nameInBaggage(fields: readonly string[]): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const list = fields[i + 1] ?? ''
    if (fields[i] !== 'baggage' || !list.includes('service')) continue
    const name = percentDecode(service.exec(list)?.[1] ?? '')
    if (name !== '' && !controls.test(name)) return cut(name, maxName)
  }
  return undefined
}
