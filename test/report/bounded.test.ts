import t from 'tap'
import { bounded, count, overflow } from '../../src/report/bounded.ts'

t.test('what comes after the cap stands under one key, and what was there before goes on', async t => {
  const map = new Map<string, { readonly at: string; seen: number }>()
  for (const key of ['a', 'b', 'c', 'd', 'a']) bounded(map, key, 2, at => ({ at, seen: 0 })).seen++
  t.same(
    [...map.values()],
    [
      { at: 'a', seen: 2 },
      { at: 'b', seen: 1 },
      { at: overflow, seen: 2 }
    ]
  )
})

t.test('no number is lost beyond the cap', async t => {
  const map = new Map<string, number>()
  for (const key of ['a', 'b', 'c', 'a']) count(map, key, 2)
  count(map, 'd', 2, 5)
  t.same(
    [...map],
    [
      ['a', 2],
      ['b', 1],
      [overflow, 6]
    ]
  )
})
