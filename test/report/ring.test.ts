import fc from 'fast-check'
import t from 'tap'
import { Ring, weigh } from '../../src/report/ring.ts'
import { makeSpan } from '../span.ts'

t.test('a ring gives back what it took, oldest first, and knows the weight', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      (places, steps) => {
        const ring = new Ring(places)
        const model: ReturnType<typeof makeSpan>[] = []
        for (const push of steps) {
          if (push && model.length < places) {
            const span = makeSpan()
            ring.push(span, 3)
            model.push(span)
          } else if (!push && ring.shift() !== model.shift()) return false
          if (ring.size !== model.length || ring.weight !== 3 * model.length) return false
        }
        return true
      }
    )
  )
})

t.test('text weighs what it is long', async t => {
  const bare = weigh(makeSpan({ attributes: [] }))
  t.equal(weigh(makeSpan({ attributes: ['abc', 'defg'] })) - bare, 7)
  t.equal(weigh(makeSpan({ attributes: ['abc', ['de', 'fg']] })) - bare, 7)
  t.equal(weigh(makeSpan({ attributes: ['abc', 12] })) - bare, 3)
  t.equal(weigh(makeSpan({ attributes: [], tracestate: 'a=1' })) - bare, 3)
})
