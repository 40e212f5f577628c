// Policies, plans and dialects for tests of the heart: what a test is about it says itself.

import type { BaggageDialect } from '../../src/baggage/baggage.ts'
import { baggageDialects } from '../../src/baggage/find.ts'
import { w3c as w3cBaggage } from '../../src/baggage/w3c.ts'
import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { accepted, isWritten } from '../../src/dialects/find.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { membersOf } from '../../src/mediate/members.ts'
import type { Parent, Policy, SamplingPlan, Strip } from '../../src/mediate/policy.ts'
import { ratio } from '../../src/samplers/ratio.ts'
import { absent, malformed } from '../../src/trace/context.ts'
import type { Ids } from '../../src/trace/ids.ts'

export const all: readonly Dialect[] = [w3c, b3, b3multi, jaeger]

/** Reads the baggage of every dialect, and emits all of it in W3C's. */
export const allBaggage: Policy['baggage'] = {
  accept: [w3cBaggage, ...[...baggageDialects.values()].filter(dialect => dialect !== w3cBaggage)],
  emit: [w3cBaggage],
  allow: 'all',
  maxBytes: 8192
}

/** Accepts and emits every dialect and relays all baggage, unless told otherwise; what is stripped follows from that. */
export function policyOf(differing: Partial<Omit<Policy, 'strip' | 'segments' | 'members'>> = {}): Policy {
  const { accept = all, emit = all, spans = 'report', stores = false, takes = false, rpc = 'hop' } = differing
  const { conflict = 'first', randomFlag = 'keep', tracestate = 'all' } = differing
  const { baggage = allBaggage } = differing
  const carriers = [...baggage.accept, ...baggage.emit]
  const every = [...baggageDialects.values()]
  const believed = stripOf([...accept.filter(isWritten), ...emit, ...carriers], carriers)
  const stranger = stripOf([...accepted.values(), ...accept, ...emit, ...every], every)
  const segments = emit.some(dialect => dialect.segments)
  const members = membersOf(accept, emit)
  return {
    accept,
    emit,
    conflict,
    spans,
    stores,
    takes,
    rpc,
    randomFlag,
    segments,
    members,
    tracestate,
    baggage,
    strip: { continue: believed, restart: stranger, ignore: stranger }
  }
}

function stripOf(
  carriers: readonly { readonly fields: readonly string[] }[],
  prefixed: readonly BaggageDialect[]
): Strip {
  const fields = carriers.flatMap(({ fields }) => fields.map(field => field.toLowerCase()))
  return { fields: new Set([...fields, 'baggage']), prefixes: prefixed.flatMap(({ prefixes }) => prefixes) }
}

/** No header forces anything, and no error boosts. */
export function planOf(parent: Parent = 'follow', rate = 1): SamplingPlan {
  return { parent, sampler: ratio(rate), force: () => true, demand: undefined, boost: () => false }
}

/** For what must not be sampled here. */
export const unasked: SamplingPlan = {
  ...planOf(),
  sampler: { name: 'unasked', rate: () => 1, sample: refuse, peek: refuse }
}

function refuse(): never {
  throw new Error('the sampler was asked')
}

/** Ids in order: trace ids begin with `aa`, span ids with `bb`, and both end in their number. */
export function countedIds(): Ids {
  let traces = 0
  let spans = 0
  return {
    traceId: () => `aa${(++traces).toString(16).padStart(30, '0')}`,
    spanId: () => `bb${(++spans).toString(16).padStart(14, '0')}`
  }
}

/** Made up: `x-root` names a trace and no span, as X-Ray's Root alone does. */
export const root: Dialect = {
  ...w3c,
  name: 'root',
  fields: ['x-root'],
  extract: read => {
    const value = read('x-root')
    if (value === undefined) return absent
    if (!/^[0-9a-f]{32}$/.test(value)) return malformed('not-32-digits')
    return {
      kind: 'trace',
      trace: {
        traceId: value,
        sampling: 'defer',
        bits: 128,
        random: false,
        tracestate: '',
        residue: undefined
      }
    }
  }
}

/** Made up: W3C whose `keep` is a `debug`, for W3C itself has no word for that. */
export const insistent: Dialect = {
  ...w3c,
  name: 'insistent',
  extract: read => {
    const received = w3c.extract(read)
    if (received.kind !== 'context' || received.context.sampling !== 'keep') return received
    return { ...received, context: { ...received.context, sampling: 'debug' } }
  }
}
