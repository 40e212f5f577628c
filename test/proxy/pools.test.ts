import { once } from 'node:events'
import { createServer } from 'node:http'
import type { LookupFunction } from 'node:net'
import t, { type Test } from 'tap'
import { createPools, type Line, type Pools } from '../../src/proxy/pools.ts'
import { createLog } from '../../src/report/log.ts'
import { createUpstreams } from '../../src/report/upstreams.ts'
import type { Rules } from '../../src/rules/rules.ts'
import type { Upstream } from '../../src/rules/upstream.ts'
import { deaf, nothingStripped } from '../recipient.ts'
import { loaded } from '../rules/rule-files.ts'
import { until } from '../until.ts'

/** Answers at 127.0.0.1 and 127.0.0.2, and tells which it was. */
async function startAnywhere(t: Test): Promise<number> {
  const server = createServer((request, response) => response.end(request.socket.localAddress))
  await once(server.listen(0, '0.0.0.0'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function poolsOf(rules: Rules, lookup?: LookupFunction, before?: Pools): Pools {
  const log = createLog({ level: 'error', write: () => {} })
  const report = createUpstreams(() => [], log)
  const now = () => performance.now()
  return createPools(rules, {
    echo: undefined,
    before,
    now,
    report,
    ...(lookup === undefined ? {} : { lookup })
  })
}

function upstreamOf(rules: Rules): Upstream {
  const [upstream] = rules.upstreams.values()
  if (upstream === undefined) throw new Error('no upstream')
  return upstream
}

function send(line: Line | undefined): Promise<string> {
  if (line === undefined) throw new Error('nowhere to go')
  return new Promise((resolve, reject) => {
    let text = ''
    line.pool.dispatch(
      { method: 'GET', path: '/', fields: [], body: null, strip: nothingStripped },
      {
        ...deaf(),
        onResponseData: (_, chunk) => {
          text += chunk.toString()
        },
        // Only then is its connection free for the next one.
        onResponseEnd: () => setImmediate(resolve, text),
        onResponseError: reject
      }
    )
  })
}

const rulesFor = (t: Test, port: number, keys: string) =>
  loaded(
    t,
    `
upstreams: { orders: { targets: [{ url: "http://orders.test:${port}" }]${keys} } }
routes: [{ match: {}, upstream: orders }]
`
  ).rules

t.test('a name that moves is followed once connections are of age, though they are in use', async t => {
  const port = await startAnywhere(t)
  let address = '127.0.0.1'
  let lookups = 0
  const lookup: LookupFunction = (hostname, { all }, done) => {
    t.equal(hostname, 'orders.test')
    lookups++
    if (all === true) done(null, [{ address, family: 4 }])
    else done(null, address, 4)
  }
  const asking = (keys: string) => {
    const rules = rulesFor(t, port, keys)
    const pools = poolsOf(rules, lookup)
    t.teardown(pools.close)
    return () => send(pools.next(upstreamOf(rules)))
  }
  const [young, old] = [asking(''), asking(', limits: { connection-age: 300ms }')]
  t.strictSame([await young(), await old()], ['127.0.0.1', '127.0.0.1'])
  address = '127.0.0.2'
  t.equal(await young(), '127.0.0.1', 'a connection that is there is used')
  t.equal(lookups, 2)
  await until(async () => (await old()) === '127.0.0.2', 'the name is looked up again')
})

t.test('connections go over to the next rules where nothing about them changes', async t => {
  const port = await startAnywhere(t)
  const lookup: LookupFunction = (_, { all }, done) =>
    all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
  const first = rulesFor(t, port, '')
  const pools = poolsOf(first, lookup)
  await send(pools.next(upstreamOf(first)))
  const same = rulesFor(t, port, ', emit: [b3]')
  const next = poolsOf(same, lookup, pools)
  t.equal(next.next(upstreamOf(same))?.pool, pools.next(upstreamOf(first))?.pool)
  t.equal(next.budgets.get('orders'), pools.budgets.get('orders'), 'nor is forgotten what was sent again')
  for (const keys of [
    ', limits: { connections: 7 }',
    ', timeouts: { connect: 7s }',
    ', ejection: none',
    ', health: { path: /healthz }'
  ]) {
    const other = rulesFor(t, port, keys)
    const last = poolsOf(other, lookup, next)
    t.not(last.next(upstreamOf(other))?.pool, next.next(upstreamOf(same))?.pool, keys)
    await last.close()
  }
  await until(() => next.next(upstreamOf(same))?.pool.closed === true, 'what is named no more is closed')
})
