import t from 'tap'
import { outcomeOf, routeOf } from '../report/outcomes.ts'
import { alone, ask } from './alone.ts'

const yaml = `
sampling: { rate: 30% }
upstreams:
  orders:
    targets:
      - { url: "http://127.0.0.1:9", weight: 9, tags: { service.tag: base } }
      - { url: "http://127.0.0.1:10", weight: 1, tags: { service.tag: gray } }
    emit: [sw8]
routes:
  - { name: keyed, match: { path: /keyed, method: GET, header: { x-key: open-sesame } }, upstream: orders, accept: [b3] }
  - { name: orders, match: { host: shop.example.com, path: "/orders/{id}" }, upstream: orders }
`

t.test('/api/routes shows what is in force, its rates and what passed', async t => {
  const admin = await alone(t, yaml)
  admin.topology.request(outcomeOf({ route: routeOf({ name: 'orders' }), start: 1000, end: 1020 }))
  admin.clock = 4000
  const { status, text } = await ask(`${admin.url}/api/routes`)
  t.equal(status, 200)
  const targets = [
    { url: 'http://127.0.0.1:9', weight: 9, tags: { 'service.tag': 'base' } },
    { url: 'http://127.0.0.1:10', weight: 1, tags: { 'service.tag': 'gray' } }
  ]
  const sampling = [{ tag: '', rate: 0.3 }]
  const { routes } = JSON.parse(text)
  t.match(routes, [
    {
      name: 'keyed',
      match: { host: null, path: '/keyed', methods: ['GET'], headers: ['x-key'] },
      accept: ['b3'],
      emit: ['sw8'],
      upstream: { name: 'orders', echo: false, targets },
      sampling,
      traffic: null
    },
    {
      name: 'orders',
      template: '/orders/{id}',
      match: { host: 'shop.example.com', path: '/orders/{id}', methods: null, headers: [] },
      sampling,
      traffic: { recent: { requests: 1, rate: 0.25, bytes: 42 }, total: { requests: 1 } }
    }
  ])
  t.equal(routes.length, 2)
  t.notMatch(text, 'open-sesame')
})

t.test('/api/topology and /api/traces answer before anything has passed', async t => {
  const { url } = await alone(t, yaml)
  const topology = JSON.parse((await ask(`${url}/api/topology`)).text)
  t.match(topology, { nodes: [{ id: 'gateway', kind: 'gateway' }], edges: [] })
  t.same(JSON.parse((await ask(`${url}/api/traces`)).text), { traces: [] })
})
