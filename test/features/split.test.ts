// "Can I send a tenth of my users, and my testers, to the new version, through the whole chain?" Through real sockets.
import t, { type Test } from 'tap'
import { createAccessLog } from '../access-log.ts'
import { holdClosedPort } from '../closed-port.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startMortal } from '../mortal.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

const marked = { fields: [['X-Gray', '1']] } as const

type Rules = {
  readonly base: string
  readonly gray: string
  readonly match?: string
  readonly weight?: number
  readonly keys?: string
  readonly more?: string
}

function rulesFor({
  base,
  gray,
  match = '{ header: { x-gray: "1" } }',
  weight = 1,
  keys = '',
  more = ''
}: Rules) {
  return `${more}
upstreams:
  orders:
    targets:
      - { url: "${base}", weight: 9, tags: { service.tag: base, version: "1.8" } }
      - { url: "${gray}", weight: ${weight}, tags: { service.tag: gray, version: "1.9" }, match: ${match} }
    ${keys}
routes: [{ name: orders, match: { path: /** }, upstream: orders }]
`
}

async function pair(t: Test): Promise<{ base: Origin; gray: Origin }> {
  return { base: await startOrigin(t), gray: await startOrigin(t) }
}

t.test('a tenth by turns, all that match, and every user on one side', async t => {
  const { base, gray } = await pair(t)
  const { port } = await run(
    t,
    rulesFor({ base: base.url, gray: gray.url, keys: 'sticky: { cookie: user }' })
  )
  for (let i = 0; i < 100; i++) await ask(t, port)
  t.same([base.requests.length, gray.requests.length], [90, 10])
  for (let i = 0; i < 10; i++) await ask(t, port, marked)
  t.equal(gray.requests.length, 20)

  const seen = new Map<string, Set<string>>()
  for (let i = 0; i < 120; i++) {
    const user = `user-${i % 40}`
    const before = gray.requests.length
    await ask(t, port, { fields: [['Cookie', `theme=dark; user=${user}`]] })
    const side = gray.requests.length > before ? 'gray' : 'base'
    seen.set(user, (seen.get(user) ?? new Set()).add(side))
  }
  const sides = [...seen.values()].map(each => [...each].join())
  t.same([...new Set(sides)].sort(), ['base', 'gray'], 'each was on one side, and both had some')
})

t.test('a gray that drags has its tenth under load all the same', async t => {
  const base = await startMortal(t, () => 1)
  const gray = await startMortal(t, () => 30)
  const { url } = await run(t, rulesFor({ base: base.url, gray: gray.url }))
  let left = 500
  const callers = Array.from({ length: 20 }, async () => {
    while (left-- > 0) await (await fetch(url)).arrayBuffer()
  })
  await Promise.all(callers)
  t.same([base.served(), gray.served()], [450, 50])
})

t.test('the tag goes on in baggage and in a header, and a second gateway matches on it', async t => {
  const stock = await pair(t)
  const second = await run(
    t,
    rulesFor({
      base: stock.base.url,
      gray: stock.gray.url,
      weight: 0,
      match: '{ baggage: { service.tag: gray } }'
    })
  )
  /** A service that calls the next one as any agent does: its baggage goes along. */
  const service = () =>
    startOrigin(t, (request, socket) => {
      const baggage = valueIn(request, 'baggage')
      void ask(t, second.port, { fields: baggage === undefined ? [] : [['baggage', baggage]] }).then(() =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      )
      return undefined
    })
  const base = await service()
  const gray = await service()
  const first = await run(
    t,
    rulesFor({
      base: base.url,
      gray: gray.url,
      weight: 0,
      keys: 'carry: { baggage: service.tag, header: X-Service-Tag }',
      more: 'baggage: { allow: [tenant] }'
    })
  )
  await ask(t, first.port, { fields: [...marked.fields, ['baggage', 'tenant=a,other=b']] })
  t.equal(valueIn(gray.last(), 'x-service-tag'), 'gray')
  t.equal(valueIn(gray.last(), 'baggage'), 'service.tag=gray,tenant=a')
  t.equal(stock.gray.requests.length, 1, 'gray all the way')
  t.equal(stock.base.requests.length, 0)
  await ask(t, first.port)
  t.equal(valueIn(base.last(), 'baggage'), 'service.tag=base')
  t.equal(stock.base.requests.length, 1)
  t.equal(stock.gray.requests.length, 1)
})

t.test('a colour that comes from a believed caller goes on; a stranger can choose and send none', async t => {
  const { base, gray } = await pair(t)
  const rules = (more: string) =>
    rulesFor({
      base: base.url,
      gray: gray.url,
      weight: 0,
      match: '{ baggage: { service.tag: gray } }',
      keys: 'carry: { baggage: service.tag, header: x-service-tag }',
      more
    })
  const blue = [
    ['baggage', 'service.tag=blue'],
    ['X-Service-Tag', 'green'],
    ['X_Service_Tag', 'red']
  ] as const
  const inside = await run(t, rules(''))
  await ask(t, inside.port, { fields: blue })
  t.equal(
    valueIn(base.last(), 'baggage'),
    'service.tag=blue',
    'there is no blue here, but behind there may be'
  )
  t.equal(valueIn(base.last(), 'x-service-tag'), 'blue')
  t.equal(valueIn(base.last(), 'x_service_tag'), undefined)

  const outside = await run(t, rules('trust: [{ from: any, context: restart }]'))
  await ask(t, outside.port, {
    fields: [
      ['baggage', 'service.tag=gray'],
      ['X-Service-Tag', 'gray']
    ]
  })
  t.equal(gray.requests.length, 0)
  t.equal(valueIn(base.last(), 'baggage'), 'service.tag=base')
  t.equal(valueIn(base.last(), 'x-service-tag'), 'base')
})

t.test(
  'where no gray target is within reach base serves, which is counted and logged; it stays gray behind',
  async t => {
    const base = await startOrigin(t)
    const gray = `http://127.0.0.1:${await holdClosedPort(t)}`
    const log = createAccessLog(t)
    const gateway = await run(
      t,
      rulesFor({ base: base.url, gray, weight: 0, keys: 'carry: { header: x-service-tag }', more: log.rule })
    )
    const answer = await ask(t, gateway.port, { ...marked, path: '/one' })
    t.equal(statusOf(answer), 200)
    t.equal(valueIn(base.last(), 'x-service-tag'), 'gray')
    t.match(await log.entry('/one'), { meant_for: 'gray', tags: { 'service.tag': 'base' }, attempts: 2 })
    await ask(t, gateway.port, { ...marked, path: '/two' })
    t.match(await log.entry('/two'), { meant_for: 'gray' })
    await ask(t, gateway.port, { path: '/three' })
    t.equal((await log.entry('/three'))['meant_for'], undefined)
    const fallbacks = { upstream: 'orders', meant: 'gray', served: 'base' }
    t.equal(await metric(gateway.adminUrl, 'tracebridge_upstream_fallbacks_total', fallbacks), 2)
  }
)

t.test('base does not fall back to gray where rules forbid it', async t => {
  const gray = await startOrigin(t)
  const base = `http://127.0.0.1:${await holdClosedPort(t)}`
  const { port } = await run(t, rulesFor({ base, gray: gray.url, weight: 0, keys: 'fallback: [base]' }))
  t.equal(statusOf(await ask(t, port)), 503)
  t.equal(gray.requests.length, 0)
  t.equal(statusOf(await ask(t, port, marked)), 200)
})

t.test('what is sent again stays gray while a gray target is within reach', async t => {
  const base = await startOrigin(t)
  const dying = await startMortal(t)
  const well = await startOrigin(t)
  const target = (url: string, tag: string, more = '') =>
    `{ url: "${url}", tags: { service.tag: ${tag} }, weight: ${tag === 'base' ? 98 : 1}${more} }`
  const match = ', match: { header: { x-gray: "1" } }'
  const { port, adminUrl } = await run(
    t,
    `
upstreams:
  orders: { targets: [${target(base.url, 'base')}, ${target(dying.url, 'gray', match)}, ${target(well.url, 'gray')}] }
routes: [{ match: {}, upstream: orders }]
`
  )
  t.equal(statusOf(await ask(t, port, marked)), 200)
  t.equal(dying.served(), 1)
  await dying.die()
  t.equal(statusOf(await ask(t, port, marked)), 200)
  t.same([base.requests.length, well.requests.length], [0, 1])
  t.equal(await metric(adminUrl, 'tracebridge_upstream_fallbacks_total'), 0)
})

async function tagged(t: Test): Promise<Running & { readonly entry: () => Promise<unknown> }> {
  const origin = await startOrigin(t)
  const log = createAccessLog(t)
  const gateway = await run(
    t,
    `${log.rule}
tags: { service: alicloud.service.tag, version: app.version }
export: [{ console: {} }]
upstreams:
  orders: { targets: [{ url: "${origin.url}", tags: { alicloud.service.tag: gray, app.version: "1.9", zone: b } }] }
routes: [{ name: orders, match: {}, upstream: orders }]
`
  )
  return { ...gateway, entry: () => log.entry('/tagged') }
}

t.test('dashboards keep their own names of tags: spans, metrics, log, sketches', async t => {
  const { port, adminUrl, printed, entry, file, rewrite, app, log } = await tagged(t)
  await ask(t, port, { path: '/tagged' })
  await until(() => printed.join('').includes('"alicloud.service.tag":"gray"'), 'the span has it')
  t.match(printed.join(''), '"app.version":"1.9"')
  t.notOk(printed.join('').includes('service.version":"1.9"'))
  const tags = { 'alicloud.service.tag': 'gray', 'app.version': '1.9', zone: 'b' }
  t.match(await entry(), { tags })
  for (const name of ['http_server_request_duration_seconds', 'http_client_request_duration_seconds']) {
    t.equal(
      await metric(adminUrl, `${name}_count`, { alicloud_service_tag: 'gray', app_version: '1.9' }),
      1,
      name
    )
  }
  const { series } = JSON.parse(await (await fetch(`${adminUrl}/api/latency`)).text())
  t.match(series, [{ route: 'orders', tags, count: 1 }])
  const sides = 'baseline=zone=a&candidate=alicloud.service.tag=gray,zone=b'
  const compared = await (await fetch(`${adminUrl}/api/compare?${sides}`)).text()
  t.equal(JSON.parse(compared).candidate?.requests, 1, 'any tag tells a side')
  t.ok(file)
  rewrite('upstreams: { orders: { echo: true } }\nroutes: [{ match: {}, upstream: orders }]\n')
  await app.reload()
  t.match(log.join(''), '"keys":["tags.service","tags.version"]')
})
