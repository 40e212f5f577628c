// Policies, plans and dialects for tests of the heart: what a test is about it says itself.

import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import type { Parent, Policy, SamplingPlan } from '../../src/mediate/policy.ts'
import { ratio } from '../../src/samplers/ratio.ts'
import { absent, malformed } from '../../src/trace/context.ts'
import type { Ids } from '../../src/trace/ids.ts'

export const all: readonly Dialect[] = [w3c, b3, b3multi, jaeger]

/** Accepts and emits every dialect and relays all baggage, unless told otherwise; `strip` follows from the two. */
export function policyOf(differing: Partial<Omit<Policy, 'strip'>> = {}): Policy {
  const { accept = all, emit = all, spans = 'report' } = differing
  const fields = [...accept, ...emit].flatMap(dialect => dialect.fields.map(field => field.toLowerCase()))
  const baggage = differing.baggage ?? { allow: 'all', emit: true, maxBytes: 8192 }
  return { accept, emit, spans, baggage, strip: new Set([...fields, 'baggage']) }
}

export function planOf(parent: Parent = 'follow', rate = 1): SamplingPlan {
  return { parent, sampler: ratio(rate) }
}

/** For what must not be sampled here. */
export const unasked: SamplingPlan = {
  parent: 'follow',
  sampler: {
    name: 'unasked',
    rate: () => 1,
    sample: () => {
      throw new Error('the sampler was asked')
    }
  }
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
