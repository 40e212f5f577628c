// What holds whatever callers send: properties of the heart.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { baggageDialects } from '../../src/baggage/find.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { attempt, mediate } from '../../src/mediate/mediate.ts'
import type { Policy, Strip } from '../../src/mediate/policy.ts'
import { receive } from '../../src/mediate/receive.ts'
import { isZero, randomIds } from '../../src/trace/ids.ts'
import { readOt } from '../../src/trace/probability.ts'
import { hop } from '../call.ts'
import { contexts, edits } from '../dialects/contexts.ts'
import { eachOf, type Headers, pairsOf, readerOf } from '../vectors/vectors.ts'
import { all, allBaggage, planOf, policyOf } from './policies.ts'

/** What callers may send: right, nearly right, and noise, in any number of dialects and lines. */
const noise = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }))
const wire = fc
  .tuple(fc.constantFrom(...all), contexts, edits, fc.boolean())
  .map(([dialect, context, edit, right]) => {
    const set: string[] = []
    dialect.inject(context, set, hop)
    return pairsOf(set).map(([name, value]): [string, string] => [name, right ? value : edit(value)])
  })
const carriers = [...baggageDialects.values()]
const fields = [
  ...all.flatMap(dialect => dialect.fields),
  ...carriers.flatMap(dialect => [...dialect.fields, ...dialect.prefixes.map(prefix => `${prefix}a`)])
]
const garbage = fc
  .tuple(fc.constantFrom(...fields), noise)
  .map(([name, value]): [string, string][] => [[name, value]])
const lone = fc
  .constantFrom(
    ['b3', '0'],
    ['b3', 'd'],
    ['X-B3-Sampled', '1'],
    ['jaeger-debug-id', 'x'],
    ['baggage', 'a=b;c,d=e'],
    ['uberctx-a', 'b%20c'],
    ['Baggage-Sys-Zone', 'z'],
    ['sw8-correlation', 'YQ==:DQo=']
  )
  .map(([name = '', value = '']): [string, string][] => [[name, value]])
const requests = fc.array(fc.oneof(wire, wire, garbage, lone), { maxLength: 4 }).map(parts => parts.flat())

const askings = fc.record({
  accept: fc.shuffledSubarray([...all]),
  emit: fc.shuffledSubarray([...all]),
  carriers: fc.shuffledSubarray(carriers),
  spans: fc.constantFrom('report', 'none'),
  stores: fc.boolean(),
  takes: fc.boolean(),
  tracestate: fc.constantFrom<Policy['tracestate'][]>('all', 'all', new Set(['ot', 'dd']), new Set<string>()),
  parent: fc.constantFrom('follow', 'cap', 'ignore'),
  rate: fc.constantFrom(0, 0.3, 1),
  trust: fc.constantFrom('continue', 'continue', 'continue', 'restart', 'ignore')
})

/** Strip, then set. */
function arrived(headers: Headers, strip: Strip, set: readonly string[]): Headers {
  return [...headers.filter(([name]) => !stripped(name, strip)), ...pairsOf(set)]
}

function stripped(name: string, { fields, prefixes }: Strip): boolean {
  const lower = name.toLowerCase()
  return fields.has(lower) || prefixes.some(prefix => lower.startsWith(prefix))
}

t.test('whatever comes: nothing is thrown, one context leaves, and it is of the trace that came', async t => {
  let continued = 0
  let besides = 0
  fc.assert(
    fc.property(requests, askings, (headers, asked) => {
      const { accept, emit, carriers, parent, rate, trust, ...differing } = asked
      const { spans } = differing
      const baggage = { ...allBaggage, emit: carriers }
      const policy = policyOf({ accept, emit, baggage, ...differing })
      const plan = planOf(parent, rate)
      const strip = policy.strip[trust]
      const mediation = mediate(readerOf(headers), policy, plan, trust, randomIds, eachOf(headers))
      const { span, set } = attempt(mediation, policy, plan, randomIds, hop)
      const { received } = mediation.arrival

      assert.match(span.traceId, /^[0-9a-f]{32}$/)
      assert.match(span.spanId, /^[0-9a-f]{16}$/)
      assert(!isZero(span.traceId) && !isZero(span.spanId))
      if (mediation.reports) assert.notEqual(span.sampling, 'defer')
      if (received.kind === 'context' && trust === 'continue') {
        continued++
        assert.equal(span.traceId, received.context.traceId)
        const server = mediation.span
        if (spans === 'report') assert.equal(server.parentId, received.context.spanId)
        else assert.equal(span.spanId, received.context.spanId)
        // Randomness stays as long as the trace does.
        assert.equal(readOt(span.tracestate).rv, readOt(received.context.tracestate).rv)
      }

      assert.equal(set.length % 2, 0)
      const relayed = new Set(pairsOf(mediation.untouched.fields).map(([name]) => name))
      for (const [name, value] of pairsOf(set)) {
        assert(stripped(name, strip), `${name} is set and not stripped`)
        // Relayed as it came: a tab is white space there, and a field may be empty.
        if (relayed.has(name) || strip.prefixes.some(prefix => name.startsWith(prefix)))
          assert.match(value, /^[\t\x20-\x7e]*$/)
        else if (name === 'baggage') assert.match(value, /^[\x21-\x7e][\t\x20-\x7e]*$/)
        else assert.match(value, /^[\x21-\x7e][\x20-\x7e]*$/)
        assert(!/^[ \t]|[ \t]$/.test(value))
        if (name === 'tracestate' && policy.tracestate !== 'all')
          for (const member of value.split(',')) {
            const [key = ''] = member.split('=', 1)
            assert(policy.tracestate.has(key) || (policy.stores && key === 'tb'), `${key} passed`)
          }
      }

      // What contradicts passes a transparent hop beside what is followed, with its own ids.
      const { untouched, arrival } = mediation
      const beside = (name: string) =>
        (untouched.dialects.includes(name) || untouched.apart.has(name)) && name !== arrival.dialect
      if (spans === 'report' || trust !== 'continue') assert(!emit.some(({ name }) => beside(name)))
      const went = readerOf(arrived(headers, strip, set))
      for (const { dialect, traceId } of arrival.conflicts) {
        const other = beside(dialect) ? emit.find(({ name }) => name === dialect)?.extract(went) : undefined
        if (other?.kind === 'context') assert.equal(other.context.traceId, traceId)
        besides += other?.kind === 'context' ? 1 : 0
      }
      const after = receive(
        went,
        emit.filter(({ name }) => !beside(name))
      )
      assert.deepEqual(after.malformed, [])
      assert.deepEqual(after.conflicts, [])
      if (after.received.kind === 'context') {
        assert.equal(after.received.context.traceId, span.traceId)
        assert.equal(after.received.context.spanId, span.spanId)
      } else if (after.received.kind === 'decision') {
        assert(spans === 'none' && received.kind === 'decision' && trust === 'continue')
      } else assert.equal(emit.length, 0)
    }),
    { numRuns: 4000 }
  )
  t.ok(continued > 200, `${continued} of them were continued`)
  t.ok(besides > 0, `${besides} contradicted, and passed`)
})

t.test('every link names another trace, and no more than were received', async t => {
  fc.assert(
    fc.property(requests, fc.constantFrom('continue', 'restart', 'ignore'), (headers, trust) => {
      const { links, span, arrival } = mediate(readerOf(headers), policyOf(), planOf(), trust, randomIds)
      for (const link of links) assert.notEqual(link.traceId, span.traceId)
      const most = trust === 'ignore' ? 0 : arrival.conflicts.length + (trust === 'restart' ? 1 : 0)
      assert(links.length <= most)
    }),
    { numRuns: 1000 }
  )
  t.pass('every request')
})

t.test('jaeger alone: flags that Jaeger’s own clients would misread are never sent', async t => {
  fc.assert(
    fc.property(requests, headers => {
      const policy = policyOf({ emit: [jaeger] })
      const mediation = mediate(readerOf(headers), policy, planOf(), 'continue', randomIds)
      const { set } = attempt(mediation, policy, planOf(), randomIds, hop)
      assert.match(set[1] ?? '', /^(?:[0-9a-f]{16}|[0-9a-f]{32}):[0-9a-f]{16}:(?:0|[0-9a-f]{16}):[0139]$/)
    })
  )
  t.pass('every request')
})
