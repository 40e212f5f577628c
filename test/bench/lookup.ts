// Nanoseconds of finding a route among few and among many.
import { createTable } from '../../src/route/table.ts'
import type { Named } from './numbers.ts'

const counts = [10, 1_000, 10_000]

/** As those of many services behind one gateway: they part early, and have something in place of an id. */
const pathOf = (i: number) => `/service-${i % 100}/items-${i}`

/** Interleaved rounds of `calls` lookups, each time of another of ten routes. */
export function benchLookup(rounds: number, calls: number): readonly Named[] {
  const measured = counts.map(count => {
    const entries = Array.from({ length: count }, (_, value) => {
      const match = { host: undefined, path: `${pathOf(value)}/{id}`, methods: undefined, headers: undefined }
      return { match, value }
    })
    return { name: `${count}`, find: createTable(entries), values: [] as number[] }
  })
  const targets = Array.from({ length: 10 }, (_, i) => ({
    host: 'shop.example.com',
    path: `${pathOf(i)}/42`,
    method: 'GET',
    header: () => undefined
  }))
  for (let round = -1; round < rounds; round++) {
    for (const { find, values } of measured) {
      const begin = process.hrtime.bigint()
      let found = 0
      for (let i = 0; i < calls; i++) {
        const target = targets[i % targets.length]
        if (target !== undefined && find(target) !== undefined) found++
      }
      const took = Number(process.hrtime.bigint() - begin)
      if (found !== calls) throw new Error('a route was not found')
      if (round >= 0) values.push(took / calls)
    }
  }
  return measured.map(({ name, values }) => ({ name, values }))
}
