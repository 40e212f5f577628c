import * as api from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import t from 'tap'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { carriesOf, fromPropagator } from '../../src/dialects/otel.ts'
import { hop } from '../call.ts'
import { readerOf } from '../vectors/vectors.ts'
import { contexts } from './contexts.ts'
import { contract } from './contract.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

function adapted(name: string, propagator: api.TextMapPropagator): Dialect {
  const carries = carriesOf(propagator, api)
  if (carries === undefined) throw new Error(`${name} cannot be adapted`)
  return fromPropagator(name, propagator, carries, api)
}

/** Propagators of OpenTelemetry that speak a field or two of their own. */
type Speech = Partial<Pick<api.TextMapPropagator, 'inject' | 'extract' | 'fields'>>

/** One field `x-mine`: 16 digits of trace, 16 of span, and a letter for what is kept; or what a test puts in place. */
function mine(differing: Speech = {}): api.TextMapPropagator {
  return {
    fields: () => ['x-mine'],
    inject: (context, carrier, setter) => {
      const found = api.trace.getSpanContext(context)
      if (found === undefined) return
      setter.set(carrier, 'x-mine', `${found.traceId.slice(16)}${found.spanId}${found.traceFlags}`)
    },
    extract: (context, carrier, getter) => {
      const value = String(getter.get(carrier, 'x-mine') ?? '')
      if (!/^[0-9a-f]{32}[01]$/.test(value)) return context
      return api.trace.setSpanContext(context, {
        traceId: value.slice(0, 16).padStart(32, '0'),
        spanId: value.slice(16, 32),
        traceFlags: Number(value[32])
      })
    },
    ...differing
  }
}

// OpenTelemetry keeps to level 1 of tracestate, where keys begin with a letter and 512 characters are the end.
const short = contexts.map(context => ({
  ...context,
  tracestate: context.tracestate === '' ? '' : 'a=b,c=d'
}))
contract(t, adapted('otel-w3c', new W3CTraceContextPropagator()), { contexts: short })
contract(t, adapted('otel-b3', new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER })))
contract(t, adapted('otel-jaeger', new JaegerPropagator()))
contract(t, adapted('mine', mine()))

t.test('what a wire carries is measured on it', async t => {
  t.match(carriesOf(new W3CTraceContextPropagator(), api), {
    traceIdBits: 128,
    dropped: 'context',
    tracestate: true,
    sampling: { keep: 'keep', drop: 'drop', defer: 'drop', debug: 'keep' }
  })
  t.match(carriesOf(new JaegerPropagator(), api), { traceIdBits: 128, tracestate: false })
  t.match(carriesOf(mine(), api), { traceIdBits: 64, spanId: 'always', parentId: false })
})

t.test('a wire without a word for "not kept" gets nothing of a dropped trace', async t => {
  const always = mine({
    extract: (context, carrier, getter) => {
      const value = String(getter.get(carrier, 'x-mine') ?? '')
      if (value.length !== 33) return context
      const traceFlags = 1
      return api.trace.setSpanContext(context, { traceId, spanId, traceFlags })
    }
  })
  const dialect = adapted('always', always)
  t.equal(dialect.carries.dropped, 'nothing')
  const set: string[] = []
  const context = { traceId, spanId, parentId: undefined, bits: 128, random: false, tracestate: '' } as const
  dialect.inject({ ...context, residue: undefined, sampling: 'drop' }, set, hop)
  t.strictSame(set, [])
})

t.test('one that cannot read what it writes is none', async t => {
  t.equal(carriesOf(mine({ extract: context => context }), api), undefined)
  t.equal(carriesOf(mine({ inject: () => {} }), api), undefined)
  const throwing = () => {
    throw new Error('no')
  }
  t.equal(carriesOf(mine({ extract: throwing }), api), undefined)
  t.equal(carriesOf(mine({ inject: throwing }), api), undefined)
})

const thrown = () => {
  throw new Error('no')
}

/** A context that holds whatever a package may put there. */
function contextOf(found: object): api.Context {
  return Reflect.apply(api.trace.setSpanContext, api.trace, [api.ROOT_CONTEXT, found])
}

t.test('what a propagator throws, invents or smuggles goes no further', async t => {
  const carries = carriesOf(mine(), api)
  if (carries === undefined) throw new Error('not adapted')
  const of = (differing: Speech) => fromPropagator('mine', mine(differing), carries, api)
  const read = readerOf([['x-mine', 'anything']])
  const throwing = of({
    extract: () => {
      throw new Error('no')
    }
  })
  t.match(throwing.extract(read), { kind: 'none', reason: 'propagator-error', malformed: true })
  const inventing = of({
    extract: context => api.trace.setSpanContext(context, { traceId: 'zzz', spanId: 'yyy', traceFlags: 1 })
  })
  t.match(inventing.extract(read), { kind: 'none', reason: 'unreadable', malformed: true })
  for (const [found, reason] of [
    [undefined, 'propagator-error'],
    [null, 'propagator-error'],
    [Promise.resolve(api.ROOT_CONTEXT), 'propagator-error'],
    [Promise.reject(new Error('later')), 'propagator-error'],
    [{}, 'propagator-error'],
    [contextOf({ traceId: [traceId], spanId, traceFlags: 1 }), 'unreadable'],
    [contextOf({ traceId, spanId: [spanId], traceFlags: 1 }), 'unreadable'],
    [contextOf({ traceId, spanId }), 'unreadable'],
    [contextOf({ traceId, spanId, traceFlags: 1n }), 'unreadable'],
    [contextOf({ traceId, spanId, traceFlags: 1, traceState: { serialize: thrown } }), 'propagator-error'],
    [contextOf({ traceId, spanId, traceFlags: 1, traceState: {} }), 'propagator-error']
  ] as const) {
    const odd = { ...mine(), extract: () => found }
    const dialect = Reflect.apply(fromPropagator, undefined, ['mine', odd, carries, api])
    t.match(dialect.extract(read), { kind: 'none', reason, malformed: true })
  }
  const listing = contextOf({ traceId, spanId, traceFlags: 1, traceState: { serialize: () => ['a=1'] } })
  const lists = Reflect.apply(fromPropagator, undefined, [
    'm',
    { ...mine(), extract: () => listing },
    carries,
    api
  ])
  t.match(lists.extract(read), { kind: 'context', context: { traceId: /./, tracestate: '' } })
  const smuggling = of({
    inject: (_, carrier, setter) => {
      setter.set(carrier, 'authorization', 'Bearer x')
      setter.set(carrier, 'x-mine', 'a\r\nx: y')
      setter.set(carrier, 'X-Mine', 'fine')
    }
  })
  const set: string[] = []
  const context = { traceId, spanId, parentId: undefined, bits: 128, random: false, tracestate: '' } as const
  smuggling.inject({ ...context, residue: undefined, sampling: 'keep' }, set, hop)
  t.strictSame(set, ['X-Mine', 'fine'])
})
