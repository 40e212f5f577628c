// Releases come and go for months: what they leave behind makes room for the next, and nobody else loses a count.
import t from 'tap'
import { totalOf } from '../../src/report/flow.ts'
import { createMetrics } from '../../src/report/metrics.ts'
import { noGauges } from '../../src/report/no-gauges.ts'
import { createTopology } from '../../src/report/topology.ts'
import type { UpstreamTarget } from '../../src/rules/upstream.ts'
import { outcomeOf, routeOf, start, target } from './outcomes.ts'
import { parseMetrics, readingOf } from './prometheus-text.ts'

const echo = { ...target, origin: 'echo:' }

function release(version: number): UpstreamTarget {
  return { ...target, origin: `http://orders-${version}:80`, version: String(version) }
}

/** Rules with these releases of one service, and an echo of the gateway's own. */
function rules(...versions: readonly number[]) {
  const orders = routeOf({ name: 'orders' })
  const own = routeOf({ name: 'own' })
  return [
    { ...orders, upstream: { ...orders.upstream, targets: versions.map(release) } },
    { ...own, upstream: { ...own.upstream, name: 'own', echo: true, targets: [] } }
  ]
}

type Counting = {
  readonly watch: (routes: ReturnType<typeof rules>) => void
  readonly request: (outcome: ReturnType<typeof outcomeOf>) => void
}

/** Each version is served when it is new and when it is old, and the echo all the time. */
function live(counting: Counting, versions: number): void {
  const [, own] = rules()
  counting.watch(rules(0, 1))
  for (let version = 0; version < versions; version++) {
    const routes = rules(version, version + 1)
    counting.watch(routes)
    for (const served of [version, version + 1])
      counting.request(outcomeOf({ route: routes[0] }, { tries: [{ target: release(served) }] }))
    counting.request(outcomeOf({ route: own }, { tries: [{ target: echo }] }))
  }
}

t.test('metrics: new versions are counted under their names, and those in force lose nothing', async t => {
  const metrics = createMetrics(noGauges)
  live(metrics, 2500)
  const read = () => parseMetrics(metrics.expose(undefined).text, 'prometheus')
  for (const name of ['http_server_request_duration_seconds', 'http_client_request_duration_seconds']) {
    const count = (version: string, upstream = 'orders') =>
      readingOf(read().get(name), `${name}_count`, {
        ...{ route: upstream, method: 'GET', status: '200', upstream },
        ...(version === '' ? {} : { version })
      })
    t.same([count('2500'), count('2499'), count('0')], [1, 2, undefined], name)
    t.equal(count('', 'own'), 2500)
    t.equal(readingOf(read().get(name), `${name}_count`, { route: 'other', method: 'other' }), undefined)
  }
})

t.test('metrics: what no rules name makes no room', async t => {
  const metrics = createMetrics(noGauges)
  metrics.watch(rules(0))
  for (let version = 0; version < 5000; version++)
    metrics.request(outcomeOf({ route: rules(0)[0] }, { tries: [{ target: release(version) }] }))
  t.match(metrics.expose(undefined).text, /http_client_request_duration_seconds_count\{route="other"/)
})

t.test('topology: new targets have places of their own, and an echo goes on being counted', async t => {
  const topology = createTopology(() => start)
  live(topology, 1500)
  const at = (origin: string) => {
    const one = topology
      .tally()
      .traffic.find(({ place }) => place.kind === 'target' && place.origin === origin)
    return one && totalOf(one.flow).bins.count
  }
  t.same(
    [at('http://orders-1500:80'), at('http://orders-1499:80'), at('http://orders-0:80')],
    [1, 2, undefined]
  )
  t.equal(at('other'), undefined)
  const before = at('echo:') ?? 0
  t.ok(before > 0)
  topology.request(outcomeOf({ route: rules()[1] }, { tries: [{ target: echo }] }))
  t.equal(at('echo:'), before + 1)
})
