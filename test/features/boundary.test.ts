// What crosses a boundary of trust: what strangers may bring in, and what upstreams that others run get to see.
import t, { type Test } from 'tap'
import { baggageDialects } from '../../src/baggage/find.ts'
import { accepted } from '../../src/dialects/find.ts'
import { type Field, type Message, valueIn } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { type Running, run } from '../running.ts'

const believed = '127.0.1.1'
/** Restarted, ignored, and one of whom rules say nothing. */
const strangers = ['127.0.2.1', '127.0.3.1', '127.0.4.1'] as const
const trust = `
trust:
  - { from: ${believed}, context: continue }
  - { from: ${strangers[0]}, context: restart }
  - { from: ${strangers[1]}, context: ignore }
`

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const traceparent: Field = ['traceparent', `00-${traceId}-${spanId}-01`]
const odds = 'ot=th:c;rv:ffffffffffffff'
const w3c: readonly Field[] = [traceparent, ['tracestate', `vendor=secret,${odds},dd=s:2;o:rum,tb=f:s`]]

const base64 = (text: string) => Buffer.from(text).toString('base64')
const sw8 = [
  '1',
  base64('1.2.3'),
  base64('5.6.7'),
  '3',
  ...['shop', 'i-1', '/cart', 'db:1'].map(base64)
].join('-')

/** Written by hand, as services send them. */
const contexts: readonly Field[] = [
  ['b3', `${traceId}-${spanId}-d`],
  ['X-B3-TraceId', traceId],
  ['X-B3-SpanId', spanId],
  ['X-B3-Flags', '1'],
  ['uber-trace-id', `${traceId}:${spanId}:0:3`],
  ['jaeger-debug-id', 'now'],
  ['sw8', sw8],
  ['sw8-x', '0'],
  ['EagleEye-TraceId', '0a1b2c3d15683658246371001d0001'],
  ['EagleEye-RpcId', '0.1'],
  ['X-Amzn-Trace-Id', `Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=${spanId};Sampled=1`],
  ['X-Cloud-Trace-Context', `${traceId}/1;o=1`],
  ['x-datadog-trace-id', '11803532876627986230'],
  ['x-datadog-parent-id', '67667974448284343'],
  ['x-datadog-sampling-priority', '2'],
  ['ot-tracer-traceid', 'a3ce929d0e0e4736'],
  ['ot-tracer-spanid', spanId],
  ['sentry-trace', `${traceId}-${spanId}-1`],
  ['elastic-apm-traceparent', `00-${traceId}-${spanId}-01`],
  ['X-INSTANA-T', traceId],
  ['X-INSTANA-S', spanId],
  ['newrelic', 'eyJ2IjpbMCwxXX0=']
]

/** Of the one route accepts and emits W3C's alone. */
const carried: readonly Field[] = [
  ['Uberctx-Tenant', 'a'],
  ['jaeger-baggage', 'k=v'],
  ['ot-baggage-tenant', 'a'],
  ['Baggage-Tenant', 'a'],
  ['baggage-sys-mark', 'T'],
  ['sftc_head', 'tcid%3D1%26spid%3D0%26tenant%3Da'],
  ['sw8-correlation', `${base64('tenant')}:${base64('a')}`],
  ['EagleEye-UserData', 'tenant=a']
]

/** What nobody here speaks. */
const others: readonly Field[] = [
  ['X-Dynatrace', 'FW4;1;2;3'],
  ['SingularityHeader', 'appId=1*ctrlguid=2'],
  ['X-NewRelic-ID', 'VQ=='],
  ['X-Request-ID', 'r-1'],
  ['baggages', 'none']
]

const everything: readonly Field[] = [...w3c, ['baggage', 'tenant=a'], ...contexts, ...carried, ...others]

type World = Running & { readonly origin: Origin }

async function world(t: Test, rules: (url: string) => string): Promise<World> {
  const origin = await startOrigin(t)
  return { ...(await run(t, rules(origin.url))), origin }
}

const underscored = (name: string) => name.replaceAll('-', '_')

const hop = /^(?:host|connection|via|x-forwarded-(?:for|proto|host|port))$/i

/** All that arrived in its order and bytes, but for what forwarding is made of; new ids are `…`. */
function arrived(message: Message): readonly Field[] {
  return message.fields
    .filter(([name]) => !hop.test(name))
    .map(([name, value]) => [name, name === 'traceparent' ? nameless(value) : value])
}

function nameless(value: string): string {
  return value.replace(
    /^00-([0-9a-f]{32})-[0-9a-f]{16}/,
    (_, trace) => `00-${trace === traceId ? trace : '…'}-…`
  )
}

const w3cAlone = (url: string) => `
${trust}
accept: [w3c]
export: [{ console: {} }]
upstreams:
  ours: { targets: [{ url: "${url}" }] }
  theirs: { targets: [{ url: "${url}" }], external: true }
routes:
  - { match: { path: /ours }, upstream: ours }
  - { match: { path: /theirs }, upstream: theirs }
`

t.test('a believed caller’s fields go on, but for what the gateway writes itself', async t => {
  const { port, origin } = await world(t, w3cAlone)
  await ask(t, port, { from: believed, path: '/ours', fields: everything })
  t.strictSame(arrived(origin.last()), [
    ...contexts,
    ...carried,
    ...others,
    ['traceparent', `00-${traceId}-…-01`],
    w3c[1],
    ['baggage', 'tenant=a']
  ])
})

t.test('somebody else’s upstream gets the trace and its odds, no baggage and no word of others', async t => {
  const { port, origin } = await world(t, w3cAlone)
  await ask(t, port, { from: believed, path: '/theirs', fields: everything })
  t.strictSame(arrived(origin.last()), [
    ...contexts.filter(([name]) => name === 'newrelic'),
    ...others,
    ['traceparent', `00-${traceId}-…-01`],
    ['tracestate', odds]
  ])
})

t.test('of a stranger no context and no baggage passes, whatever the route accepts', async t => {
  const { port, origin } = await world(t, w3cAlone)
  for (const from of strangers)
    for (const path of ['/ours', '/theirs']) {
      await ask(t, port, { from, path, fields: everything })
      t.strictSame(
        arrived(origin.last()),
        [...others, ['traceparent', '00-…-…-03'], ['tracestate', 'ot=th:0']],
        `${from} ${path}`
      )
    }
})

t.test('no dialect that there is has a field that a stranger may send', async t => {
  const { port, origin } = await world(t, w3cAlone)
  const fields = [...accepted.values(), ...baggageDialects.values()].flatMap(dialect => dialect.fields)
  const prefixes = [...baggageDialects.values()].flatMap(dialect =>
    dialect.prefixes.map(prefix => `${prefix}x`)
  )
  const names = [...new Set([...fields, ...prefixes])]
  // To CGI and its like underscores are dashes.
  const spellings = [(name: string) => name, (name: string) => name.toUpperCase(), underscored]
  for (const from of strangers)
    for (const spelled of spellings) {
      await ask(t, port, { from, path: '/ours', fields: names.map((name): Field => [spelled(name), '1']) })
      const what = `${from} ${spelled('X-B3-TraceId')}`
      t.strictSame(
        arrived(origin.last()),
        [
          ['traceparent', '00-…-…-03'],
          ['tracestate', 'ot=th:0']
        ],
        what
      )
    }
})

const members =
  (theirs: string, route = '') =>
  (url: string) =>
    `
export: [{ console: {} }]
upstreams: { theirs: { targets: [{ url: "${url}" }], external: true${theirs} } }
routes: [{ match: {}, upstream: theirs${route} }]
`

async function seen(t: Test, rules: (url: string) => string, fields: readonly Field[]) {
  const { port, origin } = await world(t, rules)
  await ask(t, port, { fields })
  return valueIn(origin.last(), 'tracestate')
}

t.test('rules say which members pass, the route before the upstream', async t => {
  t.equal(await seen(t, members(', tracestate: all'), w3c), w3c[1]?.[1])
  t.equal(await seen(t, members(', tracestate: [vendor, tb]'), w3c), 'vendor=secret,tb=f:s')
  t.equal(await seen(t, members(', tracestate: []'), w3c), undefined)
  t.equal(await seen(t, members(', tracestate: all', ', tracestate: [dd]'), w3c), 'dd=s:2;o:rum')
  const inside = (url: string) => members(', tracestate: [dd]')(url).replace(', external: true', '')
  t.equal(await seen(t, inside, w3c), 'dd=s:2;o:rum', 'inside as well')
})

const datadog: readonly Field[] = [
  ['x-datadog-trace-id', '11803532876627986230'],
  ['x-datadog-parent-id', '67667974448284343'],
  ['x-datadog-sampling-priority', '2'],
  ['x-datadog-tags', '_dd.p.usr.id=dGVzdA==']
]

t.test('what the gateway keeps of dialects in tracestate stays inside, but for those written', async t => {
  t.equal(await seen(t, members(''), datadog), undefined)
  t.match(
    await seen(t, members(', emit: [datadog, w3c]'), datadog),
    /^dd=s:2;p:[0-9a-f]{16};t\.usr\.id:dGVzdA~~$/
  )
  const skywalking: readonly Field[] = [['sw8', sw8]]
  t.equal(await seen(t, members(', emit: [sw8, w3c]'), skywalking), undefined)
  t.match(await seen(t, members(', tracestate: all'), skywalking), /^tb=f:s;/, 'for another tracebridge')
})

t.test('a transparent hop leaves members out as well, and changes nothing else', async t => {
  const { port, origin } = await world(t, url => `${w3cAlone(url)}spans: none\n`)
  const later: Field = ['traceparent', `${traceparent[1]}`]
  await ask(t, port, { from: believed, path: '/ours', fields: [later, ['tracestate', ' a=1,\tb=2']] })
  t.equal(valueIn(origin.last(), 'tracestate'), 'a=1,\tb=2', 'untouched')
  await ask(t, port, { from: believed, path: '/theirs', fields: w3c })
  t.strictSame(
    origin.last().fields.filter(([name]) => /^trace/.test(name)),
    [traceparent, ['tracestate', odds]]
  )
  await ask(t, port, { from: believed, path: '/theirs', fields: [traceparent, ['tracestate', 'secret']] })
  t.strictSame(
    origin.last().fields.filter(([name]) => /^trace/.test(name)),
    [traceparent],
    'what is no list at all'
  )
})

t.test('what is stored for a foreign hop goes there, and nothing beside it', async t => {
  const got = await seen(t, members('', ', restore: store'), [['sw8', sw8]])
  t.match(got, /^tb=c:[0-3][\w-]{32}$/)
})
