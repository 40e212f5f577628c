import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { Span } from '../../src/exporters/exporter.ts'
import { Queue, weigh } from '../../src/report/queue.ts'
import { makeSpan } from '../span.ts'

const bare = weigh(makeSpan({ name: '', attributes: [] }))

/** A request's spans; each weighs `bare` and `extra`. */
function unit(spans: number, extra = 0): Span[] {
  return Array.from({ length: spans }, () => makeSpan({ name: 'x'.repeat(extra), attributes: [] }))
}

/** Room for this many spans, of whatever weight. */
function queueOf(spans: number): Queue {
  return new Queue({ spans, bytes: 1e9 })
}

t.test('text weighs what it is long', async t => {
  const weight = (differing: Partial<Span>) =>
    weigh(makeSpan({ name: '', attributes: [], ...differing })) - bare
  t.equal(weight({ attributes: ['abc', 'defg'] }), 7)
  t.equal(weight({ attributes: ['abc', ['de', 'fg']] }), 7)
  t.equal(weight({ attributes: ['abc', 12] }), 3)
  t.equal(weight({ tracestate: 'a=1' }), 3)
  t.equal(weight({ name: 'GET' }), 3)
})

t.test('a link weighs as much as it may hold', async t => {
  const link = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), reason: 'conflict', dialect: 'datadog' }
  t.equal(weigh(makeSpan({ links: [link, link] })) - weigh(makeSpan()), 512)
})

t.test('a segment weighs too, and a parent that a caller made long', async t => {
  const own = {
    id: 'a',
    index: 0,
    traceId: 'b',
    endpoint: 'GET:/',
    peer: '',
    skipAnalysis: false,
    parent: undefined
  }
  const parent = {
    ...{ traceId: 't', segmentId: 's', index: 0, instance: '', peer: '' },
    ...{ service: 'x'.repeat(3000), endpoint: '' }
  }
  t.ok(weigh(makeSpan({ segment: own })) > weigh(makeSpan()))
  t.ok(weigh(makeSpan({ segment: { ...own, parent } })) > weigh(makeSpan({ segment: own })) + 3000)
})

t.test('an urgent request evicts the oldest ordinary one, whole', async t => {
  const queue = queueOf(6)
  const [first, second] = [unit(3), unit(2)]
  queue.push(first, false)
  queue.push(second, false)
  const urgent = unit(2)
  t.equal(queue.push(urgent, true), 3, 'its three spans went together')
  t.strictSame(queue.take(10), [...urgent, ...second])
})

t.test('an ordinary request never evicts an urgent one, nor ordinary ones in vain', async t => {
  const queue = queueOf(4)
  const [urgent, ordinary] = [unit(3), unit(1)]
  queue.push(urgent, true)
  queue.push(ordinary, false)
  t.equal(queue.push(unit(2), false), 2, 'there would be room for one at most: it is let go itself')
  t.strictSame(queue.take(10), [...urgent, ...ordinary])
})

t.test('where only urgent ones wait, the oldest makes way for a new one', async t => {
  const queue = queueOf(4)
  const second = unit(2)
  queue.push(unit(2), true)
  queue.push(second, true)
  const third = unit(1)
  t.equal(queue.push(third, true), 2)
  t.strictSame(queue.take(10), [...second, ...third])
})

t.test('a batch is whole requests, and one that is larger than a batch goes alone', async t => {
  const queue = queueOf(100)
  for (const spans of [3, 3, 12, 1]) queue.push(unit(spans), false)
  t.strictSame(
    [queue.take(8), queue.take(8), queue.take(8), queue.take(8)].map(spans => spans.length),
    [6, 12, 1, 0]
  )
})

t.test('what is held takes room, in spans and in bytes, and cannot be evicted', async t => {
  const queue = new Queue({ spans: 10, bytes: 10 * bare })
  queue.hold(4, 8 * bare)
  t.equal(queue.push(unit(2), false), 0)
  t.equal(queue.push(unit(3), true), 3, 'too heavy')
  t.equal(queue.push(unit(1), true), 2, 'evicts what waits')
  t.equal(queue.taken, 5)
  queue.hold(-4, -8 * bare)
  t.equal(queue.takenBytes, bare)
  t.equal(queue.clear(), 1)
  t.equal(queue.taken + queue.takenBytes, 0)
})

type Waiting = { readonly spans: readonly Span[]; readonly urgent: boolean; readonly weight: number }

/** The same by searching a list, slowly and plainly. */
function model(room: { spans: number; bytes: number }) {
  let waiting: Waiting[] = []
  const sums = (list: readonly Waiting[]) => ({
    spans: list.reduce((sum, one) => sum + one.spans.length, 0),
    bytes: list.reduce((sum, one) => sum + one.weight, 0)
  })
  const fits = (list: readonly Waiting[]) => sums(list).spans <= room.spans && sums(list).bytes <= room.bytes
  return {
    sums: () => sums(waiting),
    push: (spans: readonly Span[], urgent: boolean): number => {
      const one = { spans, urgent, weight: spans.reduce((sum, span) => sum + weigh(span), 0) }
      const before = sums(waiting).spans
      // Victims in the order in which they have to go; an urgent one is none of an ordinary request.
      const victims = [
        ...waiting.filter(other => !other.urgent),
        ...waiting.filter(other => other.urgent && urgent)
      ]
      let rest = [...waiting]
      while (!fits([...rest, one])) {
        const victim = victims.shift()
        if (victim === undefined) return spans.length
        rest = rest.filter(other => other !== victim)
      }
      waiting = [...rest, one]
      return before - sums(rest).spans
    },
    take: (most: number): Span[] => {
      const taken: Span[] = []
      for (const one of [
        ...waiting.filter(other => other.urgent),
        ...waiting.filter(other => !other.urgent)
      ]) {
        if (taken.length > 0 && taken.length + one.spans.length > most) break
        taken.push(...one.spans)
        waiting = waiting.filter(other => other !== one)
      }
      return taken
    }
  }
}

t.test('two rings do what a search through a list would', async () => {
  const push = fc.record({
    spans: fc.integer({ min: 1, max: 5 }),
    urgent: fc.boolean(),
    extra: fc.constantFrom(0, 900, 4000)
  })
  const take = fc.integer({ min: 1, max: 8 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.oneof({ weight: 4, arbitrary: push }, { weight: 1, arbitrary: take }), { maxLength: 80 }),
      (spans, weights, steps) => {
        const room = { spans, bytes: weights * bare }
        const queue = new Queue(room)
        const list = model(room)
        return steps.every(one => {
          if (typeof one === 'number') {
            if (!isDeepStrictEqual(queue.take(one), list.take(one))) return false
          } else {
            const request = unit(one.spans, one.extra)
            if (queue.push(request, one.urgent) !== list.push(request, one.urgent)) return false
          }
          const { spans, bytes } = list.sums()
          return queue.taken === spans && queue.takenBytes === bytes
        })
      }
    ),
    { numRuns: 500 }
  )
})
