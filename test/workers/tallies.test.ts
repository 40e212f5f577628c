import t from 'tap'
import type { ClientTally, DialectTally, RouteTally } from '../../src/report/propagation-tally.ts'
import { sumClients, sumRoutes } from '../../src/workers/tallies.ts'

function dialect(arrived: number, more: Partial<DialectTally> = {}): DialectTally {
  return {
    ...{ arrived, alone: 1, needed: 2, neededOutside: 3, lost: 4, malformed: new Map([['short', 1]]) },
    ...{ last: 10, lastNeeded: undefined, lastNeededOutside: undefined, lastLost: undefined },
    ...more
  }
}

function route(name: string, requests: number, dialects: Record<string, DialectTally>): RouteTally {
  const answers = new Map([['orders', { same: 1, other: 2, malformed: 3, lastOther: requests }]])
  return { route: name, requests, last: requests, dialects: new Map(Object.entries(dialects)), answers }
}

t.test('what several processes saw of a route adds up, and the latest time counts', async t => {
  const one = [route('a', 5, { b3: dialect(3), w3c: dialect(2) })]
  const other = [route('a', 7, { b3: dialect(4, { last: 30, lastNeeded: 20 }) }), route('b', 1, {})]
  const before = structuredClone([one, other])
  const [a, b] = sumRoutes([one, other])
  t.match(a, { route: 'a', requests: 12, last: 7 })
  t.match(a?.dialects.get('b3'), {
    ...{ arrived: 7, alone: 2, needed: 4, neededOutside: 6, lost: 8 },
    ...{ last: 30, lastNeeded: 20, lastLost: undefined }
  })
  t.strictSame(a?.dialects.get('b3')?.malformed, new Map([['short', 2]]))
  t.match(a?.dialects.get('w3c'), { arrived: 2 })
  t.strictSame(a?.answers.get('orders'), { same: 2, other: 4, malformed: 6, lastOther: 7 })
  t.match(b, { route: 'b', requests: 1 })
  t.strictSame([one, other], before, 'what was added up stays as it was')
})

t.test('rows of clients are the same when all that they are told apart by is', async t => {
  const row = (agent: string, requests: number): ClientTally => ({
    ...{ route: 'a', agent, from: '10.0.0.0/8', dialects: 'b3', requests, last: requests },
    ...{ needed: new Map([['b3', 1]]), malformed: new Map() }
  })
  const rows = sumClients([[row('curl', 1), row('java', 2)], [row('curl', 3)]])
  t.match(rows, [
    { agent: 'curl', requests: 4, last: 3 },
    { agent: 'java', requests: 2 }
  ])
  t.strictSame(rows[0]?.needed, new Map([['b3', 2]]))
})
