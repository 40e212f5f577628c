// "Who calls whom here, how fast, and where do traces break?", asked of a running gateway.
import t from 'tap'
import type { ShownRoute } from '../../src/admin/routes.ts'
import type { TopologyMap } from '../../src/report/map.ts'
import type { KeptTrace } from '../../src/report/traces.ts'
import { askTls, pathOf, tlsOf } from '../certificates.ts'
import { metric } from '../metric.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { sw8Field } from '../sw8-wire.ts'
import { until } from '../until.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const whole = ['traceparent', `00-${traceId}-00f067aa0ba902b7-01`] as const
const curl = ['User-Agent', 'curl/8.5'] as const

function rules(base: Origin, gray: Origin): string {
  return `
accept: [w3c, b3, sw8]
export: [{ console: {} }]
upstreams:
  orders:
    targets:
      - { url: "${base.url}", tags: { service.tag: base, version: "1.8" } }
      - { url: "${gray.url}", tags: { service.tag: gray, version: "1.9" } }
routes: [{ name: orders, match: { path: /orders/** }, upstream: orders }]
`
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  return JSON.parse(await answer.text())
}

t.test(
  'callers, upstreams by tag and targets are drawn, and broken traces marked with the reason',
  async t => {
    const base = await startOrigin(t)
    const other = `00-${'c'.repeat(32)}-00f067aa0ba902b7-01`
    const gray = await startOrigin(
      t,
      () => `HTTP/1.1 500 Oh\r\nTraceresponse: ${other}\r\nContent-Length: 0\r\n\r\n`
    )
    const { port, adminUrl } = await run(t, rules(base, gray))
    for (let i = 0; i < 4; i++) {
      await ask(t, port, { path: '/orders/1', fields: [sw8Field(`trace-${i}`, `segment-${i}`)] })
      await ask(t, port, { path: '/orders/2', fields: [curl, whole] })
    }
    await ask(t, port, { path: '/orders/3', fields: [curl, ['b3', '%%%']] })
    await ask(t, port, { path: '/orders/4', fields: [curl] })
    await ask(t, port, { path: '/nowhere', fields: [curl, whole] })
    const topology = () => read<TopologyMap>(`${adminUrl}/api/topology`)
    const requests = (map: TopologyMap, kind: string) => {
      const ids = new Set(map.nodes.flatMap(node => (node.kind === kind ? [node.id] : [])))
      const edges = map.edges.filter(({ from, to }) => ids.has(kind === 'caller' ? from : to))
      return edges.reduce((sum, { recent }) => sum + recent.requests, 0)
    }
    // Counted when an answer is over on both sides.
    await until(async () => requests(await topology(), 'caller') === 11, 'all are counted')
    const map = await topology()
    const idOf = (wanted: object) =>
      map.nodes.find(node => Object.entries(wanted).every(([key, value]) => Reflect.get(node, key) === value))
        ?.id
    const from = (wanted: object) => map.edges.find(edge => edge.from === idOf(wanted))
    t.match(from({ kind: 'caller', by: 'dialect', name: 'front' }), {
      to: 'gateway',
      broken: false,
      recent: { requests: 4, broken: {} }
    })
    t.match(from({ kind: 'caller', by: 'agent', name: 'curl', from: 'loopback' }), {
      broken: true,
      recent: { requests: 7, broken: { absent: 1 } }
    })
    t.match(Object.keys(from({ name: 'curl' })?.recent.broken ?? {}), [/^malformed b3: [a-z-]+$/, /^absent$/])
    const side = (tag: string) => {
      const id = map.nodes.find(node => node.kind === 'upstream' && node.tags['service.tag'] === tag)?.id
      return { id, edge: map.edges.find(({ to }) => to === id) }
    }
    t.match(side('base').edge, { from: 'gateway', broken: false, recent: { errors: 0, errorRate: 0 } })
    const toGray = side('gray')
    const served = gray.requests.length
    t.ok(served > 0)
    t.match(toGray.edge, {
      broken: true,
      recent: { requests: served, errors: served, errorRate: 1, broken: { 'answer: another trace': served } }
    })
    t.ok((toGray.edge?.recent.p95 ?? 0) > 0 && (toGray.edge?.recent.rate ?? 0) > 0)
    t.match(
      map.edges.find(edge => edge.from === toGray.id),
      { to: idOf({ kind: 'target', name: gray.url }) }
    )

    const count = (side: string) => metric(adminUrl, `http_${side}_request_duration_seconds_count`)
    t.equal(requests(map, 'caller'), await count('server'))
    t.equal(requests(map, 'upstream'), await count('client'))
    t.equal(requests(map, 'target'), await count('client'))

    const { routes } = await read<{ routes: readonly ShownRoute[] }>(`${adminUrl}/api/routes`)
    t.match(routes, [{ name: 'orders', upstream: { name: 'orders' }, traffic: { total: { requests: 10 } } }])
    const { traces } = await read<{ traces: readonly KeptTrace[] }>(`${adminUrl}/api/traces`)
    t.equal(traces.length, 11, 'all were kept')
    t.match(traces[0], { route: '', status: 404, dialect: 'w3c', traceId })
    t.match(traces[1], { route: 'orders', template: '/orders/**', dialect: null, upstream: 'orders' })
  }
)

t.test('a stranger is a class, whatever it calls itself', async t => {
  const origin = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `trust: [{ from: any, context: restart }]\n${rules(origin, origin)}`
  )
  const baggage = ['baggage', 'service=billing'] as const
  await ask(t, port, { path: '/orders/1', fields: [sw8Field('trace-1', 'segment-1'), baggage, curl] })
  const topology = () => read<TopologyMap>(`${adminUrl}/api/topology`)
  await until(async () => (await topology()).edges.length > 0, 'it is counted')
  const { nodes, edges } = await topology()
  t.match(
    nodes.filter(({ kind }) => kind === 'caller'),
    [{ by: 'agent', name: 'curl', from: 'outside' }]
  )
  t.match(edges[0], { broken: true, recent: { broken: { restarted: 1 } } })
})

t.test('a certificate names its caller, and one that is believed and lost its trace is marked', async t => {
  const origin = await startOrigin(t)
  const tls = tlsOf(`, client-ca: "${pathOf('ca.pem')}"`)
  const { port, adminUrl } = await run(
    t,
    `listen: [{ address: 127.0.0.1:0, ${tls} }]
trust: [{ identity: ["spiffe://example.org/ns/shop/*"], context: continue }, { from: any, context: restart }]
${rules(origin, origin)}`
  )
  for (const fields of [[whole], []]) {
    await askTls(t, port, { as: 'orders' }, { path: '/orders/1', fields })
  }
  const edge = async () => {
    const { nodes, edges } = await read<TopologyMap>(`${adminUrl}/api/topology`)
    const caller = nodes.find(node => node.kind === 'caller' && node.by === 'identity')
    return { caller, edge: edges.find(({ from }) => from === caller?.id) }
  }
  await until(async () => (await edge()).edge?.recent.requests === 2, 'both are counted')
  t.match(await edge(), {
    caller: { name: /^spiffe:\/\/example\.org\/ns\/shop\// },
    edge: { broken: true, recent: { broken: { absent: 1 } } }
  })
})
