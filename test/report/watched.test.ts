import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { createWatched } from '../../src/report/watched.ts'
import { policyOf } from '../mediate/policies.ts'
import { routeOf, start } from './outcomes.ts'

t.test('a dialect is watched for as long as rules have named it without a break', async t => {
  let now = start
  const watched = createWatched(() => now)
  const reading = (...accept: readonly Dialect[]) => routeOf({ policy: policyOf({ accept }) })
  const since = () => [w3c, b3].map(({ name }) => watched.watchedSince('/orders/{id}', name))
  t.same(since(), [undefined, undefined])
  watched.watch([reading(w3c)])
  now += 5
  watched.watch([reading(w3c, b3)])
  t.same(since(), [start, start + 5])
  now += 5
  watched.watch([reading(b3)])
  watched.watch([reading(b3, w3c)])
  t.same(since(), [start + 10, start + 5])
  watched.watch([])
  t.same(since(), [undefined, undefined])
})
