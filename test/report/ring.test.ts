import fc from 'fast-check'
import t from 'tap'
import { Ring, type Unit } from '../../src/report/ring.ts'
import { makeSpans } from '../span.ts'

t.test('a ring gives back what it took, oldest first, and knows the sums', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }),
      (places, steps) => {
        const ring = new Ring(places)
        const model: Unit[] = []
        for (const spans of steps) {
          if (spans > 0 && model.length < places) {
            const unit = makeSpans(spans)
            ring.push(unit, 7 * spans)
            model.push(unit)
          } else if (spans === 0 && (ring.first() !== model[0] || ring.shift() !== model.shift()))
            return false
          const sum = model.flat().length
          if (ring.spans !== sum || ring.weight !== 7 * sum) return false
        }
        return true
      }
    )
  )
})
