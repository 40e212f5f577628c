// Nanoseconds of the heart: what mediation adds to a request, without sockets.

import { jaeger as jaegerBaggage } from '../../src/baggage/jaeger.ts'
import { w3c as w3cBaggage } from '../../src/baggage/w3c.ts'
import { b3 } from '../../src/dialects/b3.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { attempt, mediate } from '../../src/mediate/mediate.ts'
import { membersOf } from '../../src/mediate/members.ts'
import type { Policy, SamplingPlan } from '../../src/mediate/policy.ts'
import { createFieldReader } from '../../src/proxy/fields.ts'
import { ratio } from '../../src/samplers/ratio.ts'
import { randomIds } from '../../src/trace/ids.ts'
import { hop } from '../call.ts'
import type { Named } from './numbers.ts'

const dialects = [w3c, b3, jaeger]
const baggage = [w3cBaggage, jaegerBaggage]
const strip = {
  fields: new Set(dialects.flatMap(({ fields }) => fields.map(field => field.toLowerCase()))),
  prefixes: []
}
const policy: Policy = {
  accept: dialects,
  emit: dialects,
  strip: { continue: strip, restart: strip, ignore: strip },
  spans: 'report',
  stores: false,
  takes: false,
  conflict: 'first',
  randomFlag: 'keep',
  rpc: 'hop',
  segments: false,
  members: membersOf(dialects, dialects),
  tracestate: 'all',
  // What rules that name these three settle on.
  baggage: { accept: baggage, emit: baggage, allow: 'all', maxBytes: 8192 }
}
const plan: SamplingPlan = {
  parent: 'follow',
  sampler: ratio(0.3),
  force: () => true,
  demand: undefined,
  boost: () => false
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const browser = [
  ...[
    'Host',
    'shop.example.com',
    'Connection',
    'keep-alive',
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64)'
  ],
  ...['Accept', '*/*', 'Accept-Encoding', 'gzip, deflate, br', 'Accept-Language', 'en-GB', 'Cookie', 'a=b']
]
const traceparent = ['traceparent', `00-${traceId}-${spanId}-01`]
const others = ['b3', `${traceId}-${spanId}-1`, 'uber-trace-id', `${traceId}:${spanId}:0:1`]

/** The case of design's bar: three dialects in, and three out. */
export const threeIn = 'w3c, b3 and jaeger that agree'

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['no context', browser],
  ['w3c', [...browser, ...traceparent]],
  ['w3c with tracestate', [...browser, ...traceparent, 'tracestate', 'vendor=a:b,other=c']],
  ['b3', [...browser, ...others.slice(0, 2)]],
  [threeIn, [...browser, ...traceparent, ...others]]
]

/** Each case in interleaved rounds of `calls` calls, after a warm-up; nanoseconds of a call. */
export function benchHeart(rounds: number, calls: number): readonly Named[] {
  const reader = createFieldReader()
  const measured = cases.map(([name, fields]) => ({ name, fields, values: [] as number[] }))
  for (let round = -1; round < rounds; round++) {
    for (const { fields, values } of measured) {
      const begin = process.hrtime.bigint()
      let sum = 0
      for (let i = 0; i < calls; i++) {
        reader.load(fields)
        const mediation = mediate(reader.read, policy, plan, 'continue', randomIds, reader.each)
        sum += attempt(mediation, policy, plan, randomIds, hop).set.length
      }
      const took = Number(process.hrtime.bigint() - begin)
      // The result is used, so that no compiler may leave the work out.
      if (sum < calls) throw new Error('the heart set nothing')
      if (round >= 0) values.push(took / calls)
    }
  }
  return measured.map(({ name, values }) => ({ name, values }))
}
