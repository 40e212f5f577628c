// What every dialect owes, whatever it looks like: run by each dialect's own test.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import type { Dialect, Read } from '../../src/dialects/dialect.ts'
import {
  absent,
  type Received,
  type Residue,
  type Sampling,
  type TraceContext
} from '../../src/trace/context.ts'
import { isZero } from '../../src/trace/ids.ts'
import { hop } from '../call.ts'
import { pairsOf, readerOf } from '../vectors/vectors.ts'
import { contexts as bare, edits, samplings } from './contexts.ts'

function injected(dialect: Dialect, context: TraceContext): string[] {
  const set: string[] = []
  dialect.inject(context, set, hop)
  return set
}

/** What a dialect's wire holds beyond a context, or instead of a part of it. */
export type Peculiar = {
  /** Contexts as they are when this dialect is spoken: with its residue. */
  readonly contexts?: fc.Arbitrary<TraceContext>
  /** Of what arrives, that which `carries` does not tell: residue that survives, ids that come from the hop. */
  readonly arrives?: (sent: TraceContext) => Partial<TraceContext>
  /** The residue of a wish that arrives without a trace. */
  readonly decisionResidue?: (sent: Sampling) => Residue | undefined
  /** Fields that are written again as they were before: all, unless each hop adds to one. */
  readonly stable?: readonly string[]
  /** How the wire encodes the trace id that back ends show. */
  readonly onWire?: (traceIdText: string) => string
  /** Fields that are stripped with the others and read elsewhere: baggage. */
  readonly unread?: readonly string[]
  /** Fields in which any visible text is an id. */
  readonly freeText?: readonly string[]
}

/** These keys of the residue survive a trip, and nothing else does. */
export function surviving(...keys: readonly string[]): (sent: TraceContext) => Partial<TraceContext> {
  return ({ residue }) => {
    const kept = [...(residue ?? [])].filter(([key]) => keys.includes(key))
    return { residue: kept.length === 0 ? undefined : new Map(kept) }
  }
}

/** What `carries` promises of a context that is sent over this wire. */
function arriving(dialect: Dialect, context: TraceContext, peculiar: Peculiar): Received {
  const { carries } = dialect
  const sampling = carries.sampling[context.sampling]
  if (sampling === 'drop' && carries.dropped === 'nothing') return absent
  if (sampling === 'drop' && carries.dropped === 'decision') {
    return { kind: 'decision', sampling, residue: peculiar.decisionResidue?.(context.sampling) }
  }
  const narrow = carries.traceIdBits === 64
  const low = context.traceId.slice(16)
  // Nothing is left of it, and an id of zeros is none.
  if (narrow && isZero(low)) return absent
  return {
    kind: 'context',
    context: {
      traceId: narrow ? low.padStart(32, '0') : context.traceId,
      spanId: context.spanId,
      parentId: carries.parentId ? context.parentId : undefined,
      sampling,
      bits: narrow ? 64 : carries.width ? context.bits : 128,
      random: carries.random && context.random,
      tracestate: carries.tracestate ? context.tracestate : '',
      residue: undefined,
      ...peculiar.arrives?.(context)
    },
    discarded: undefined
  }
}

/** Complains unless this is something that the heart can work with. */
function sound(received: Received): void {
  if (received.kind === 'none') {
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(received.reason)) throw new Error(`reason ${received.reason}`)
    return
  }
  if (received.kind === 'decision') {
    if (!samplings.includes(received.sampling)) throw new Error('no such wish')
    return
  }
  const { traceId, sampling } = received.kind === 'trace' ? received.trace : received.context
  if (!/^(?!0{32})[0-9a-f]{32}$/.test(traceId)) throw new Error('trace id')
  if (!samplings.includes(sampling)) throw new Error('no such wish')
  if (received.kind === 'trace') return
  const { spanId, parentId } = received.context
  if (!/^(?!0{16})[0-9a-f]{16}$/.test(spanId)) throw new Error('span id')
  if (parentId !== undefined && !/^(?!0{16})[0-9a-f]{16}$/.test(parentId)) throw new Error('parent id')
}

/** Complains of what an HTTP client would refuse to send, or what nobody would strip. */
function sendable(dialect: Dialect, set: readonly string[]): void {
  if (set.length % 2 !== 0) throw new Error('a name without a value')
  for (const [name, value] of pairsOf(set)) {
    if (!dialect.fields.includes(name)) throw new Error(`${name} is not among the fields`)
    if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) throw new Error(`bytes in ${name}`)
  }
}

/** Wires near to right: what the dialect writes, edited in every field. */
const wires = (dialect: Dialect, contexts: fc.Arbitrary<TraceContext>) =>
  fc.tuple(contexts, edits).map(([context, edit]) => {
    return pairsOf(injected(dialect, context)).map(([name, value]): [string, string] => [name, edit(value)])
  })

/** Fields that hold anything at all, or nothing. */
const noise = (dialect: Dialect) =>
  fc
    .tuple(
      ...dialect.fields.map(() =>
        fc.option(fc.string({ unit: 'binary', maxLength: 300 }), { nil: undefined })
      )
    )
    .map(values =>
      dialect.fields.flatMap((name, i): [string, string][] => {
        const value = values[i]
        return value === undefined ? [] : [[name, value]]
      })
    )

const hostile = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '\0',
  '\r\nx: y',
  '%',
  '%00',
  'é'
]

export function contract(t: Test, dialect: Dialect, peculiar: Peculiar = {}): void {
  const { contexts = bare, stable = dialect.fields, onWire = text => text } = peculiar
  const { unread = [], freeText = [] } = peculiar

  t.test(`${dialect.name} carries over its wire what it says it carries`, async t => {
    fc.assert(
      fc.property(contexts, context => {
        const received = dialect.extract(readerOf(pairsOf(injected(dialect, context))))
        assert.deepEqual(received, arriving(dialect, context, peculiar))
      })
    )
    t.pass('every context')
  })

  t.test(`${dialect.name} says a wish without a trace, where its wire has a form for it`, async t => {
    for (const sampling of samplings) {
      const set: string[] = []
      dialect.injectDecision?.(sampling, set)
      sendable(dialect, set)
      const received = dialect.extract(readerOf(pairsOf(set)))
      if (set.length === 0) t.equal(received, absent, `${sampling} is silence`)
      else
        t.strictSame(received, {
          kind: 'decision',
          sampling: dialect.carries.sampling[sampling],
          residue: peculiar.decisionResidue?.(sampling)
        })
    }
  })

  t.test(`${dialect.name} makes a value of any bytes, and sends on none that HTTP would refuse`, async t => {
    fc.assert(
      fc.property(fc.oneof(noise(dialect), wires(dialect, contexts)), headers => {
        const received = dialect.extract(readerOf(headers))
        sound(received)
        if (received.kind === 'context') sendable(dialect, injected(dialect, received.context))
      }),
      { numRuns: 500 }
    )
    t.pass('no exception, no unsound value')
  })

  t.test(`${dialect.name} writes again what it wrote before`, async t => {
    const written = (context: TraceContext) =>
      pairsOf(injected(dialect, context)).filter(([name]) => stable.includes(name))
    const again = (context: TraceContext): void => {
      const received = dialect.extract(readerOf(pairsOf(injected(dialect, context))))
      if (received.kind === 'context') assert.deepEqual(written(received.context), written(context))
      // Else there is no context to write again, which is right where `carries` says so.
      else assert.deepEqual(received, arriving(dialect, context, peculiar))
    }
    fc.assert(fc.property(contexts, again))
    fc.assert(
      fc.property(wires(dialect, contexts), headers => {
        const received = dialect.extract(readerOf(headers))
        if (received.kind === 'context') again(received.context)
      })
    )
    t.pass('every context, and every wire that is one')
  })

  t.test(`${dialect.name} reads its own fields alone, by lower-case name`, async t => {
    const fields = new Set(dialect.fields.map(name => name.toLowerCase()))
    t.equal(fields.size, dialect.fields.length, 'each field once')
    const elsewhere = new Set(unread.map(name => name.toLowerCase()))
    const own = [...fields].filter(name => !elsewhere.has(name))
    const asked = new Set<string>()
    const watching =
      (read: Read): Read =>
      field => {
        asked.add(field)
        return read(field)
      }
    t.equal(dialect.extract(watching(() => undefined)), absent, 'silence is the shared constant')
    fc.assert(
      fc.property(contexts, context => {
        dialect.extract(watching(readerOf(pairsOf(injected(dialect, context)))))
      }),
      { numRuns: 20 }
    )
    t.strictSame([...asked].sort(), own.sort(), 'asks for every one of them and no other')
  })

  t.test(`${dialect.name} is not taken in by names that every object knows`, async t => {
    for (const value of hostile) {
      for (const name of dialect.fields) {
        const received = dialect.extract(readerOf([[name, value]]))
        sound(received)
        if (!freeText.includes(name)) t.not(received.kind, 'context', `${name}: ${JSON.stringify(value)}`)
      }
      const received = dialect.extract(readerOf(dialect.fields.map(name => [name, value])))
      sound(received)
      t.equal(received.kind, 'none', `every field ${JSON.stringify(value)}`)
    }
  })

  t.test(`${dialect.name} turns away fields that are longer than any of its own`, async t => {
    const [wire = []] = fc.sample(
      contexts.map(context => pairsOf(injected(dialect, context))),
      { numRuns: 1, seed: 1 }
    )
    for (const name of dialect.fields) {
      for (const long of [
        'a'.repeat(100_000),
        '0'.repeat(100_000),
        ','.repeat(100_000),
        '%41'.repeat(30_000)
      ]) {
        t.equal(dialect.extract(readerOf([[name, long]])).kind, 'none', `${name} of ${long.slice(0, 3)}`)
      }
    }
    for (const [name, value] of wire) {
      const rest = wire.filter(([other]) => other !== name)
      const received = dialect.extract(readerOf([...rest, [name, `${value}${'-0'.repeat(50_000)}`]]))
      if (received.kind === 'context') t.match(received.discarded, /too-long$/, `${name} alone is left out`)
      else t.equal(received.kind, 'none', `${name} with a tail`)
    }
  })

  t.test(`${dialect.name} shows a trace id that its own wire carries`, async t => {
    fc.assert(
      fc.property(contexts, context => {
        if (arriving(dialect, context, peculiar).kind !== 'context') return
        const text = onWire(dialect.traceIdText(context))
        assert(injected(dialect, context).some(value => value.includes(text)))
      }),
      { numRuns: 20 }
    )
    t.pass('found on the wire')
  })
}
