// A request in one dialect reaches its service in another, whole; and nothing in a trace header can fail it.
import t, { type Test } from 'tap'
import { type Field, valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask, statusOf } from '../raw.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { type Running, run } from '../running.ts'
import { arriving, type Wire, type Wish, wireFields, wireNames, wires } from '../wires.ts'

type World = Running & { readonly origin: Origin; readonly receiver: Receiver }

/** `/to/<dialect>` emits one dialect, everything else emits all. */
async function world(t: Test): Promise<World> {
  const origin = await startOrigin(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const gateway = await run(
    t,
    `
export: [{ otlp: { url: "${receiver.url}" } }]
emit: [${wireNames.join(', ')}]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes:
  - { match: { path: /** }, upstream: origin }
${wireNames.map(name => `  - { match: { path: /to/${name} }, upstream: origin, emit: [${name}] }`).join('\n')}
`
  )
  return { ...gateway, origin, receiver }
}

let made = 0
/** 32 digits that no other call gives. */
function newTraceId(): string {
  made++
  return `4bf92f3577b34da6${made.toString(16).padStart(16, '0')}`
}
const spanId = '00f067aa0ba902b7'

t.test('every dialect becomes every dialect: trace, parent and wish', async t => {
  const { port, origin, receiver } = await world(t)
  const kept: { traceId: string; sent: string; parent: string | undefined }[] = []
  for (const from of wireNames) {
    for (const to of wireNames) {
      for (const wish of wires[from].wishes) {
        const name = `${wish} from ${from} to ${to}`
        const traceId = newTraceId()
        const wire: Wire = wires[to]
        await ask(t, port, { path: `/to/${to}`, fields: wires[from].write(traceId, spanId, wish) })
        const said = wire.read(origin.last())
        // At a rate of 100 % a decision left open is: keep it.
        const decided: Wish = wish === 'defer' ? 'keep' : wish
        t.match(said, { traceId, wish: arriving(decided, wire) }, name)
        t.not(said?.spanId, spanId, `${name}: the gateway is in between`)
        t.strictSame(
          wireFields.filter(field => valueIn(origin.last(), field) !== undefined && field !== 'tracestate'),
          wire
            .write('', '', arriving(decided, wire))
            .map(([field]) => field.toLowerCase())
            .concat(to === 'b3multi' ? ['x-b3-parentspanid'] : [])
            .sort((a, b) => wireFields.indexOf(a) - wireFields.indexOf(b)),
          `${name}: and no other header`
        )
        if (decided !== 'drop') kept.push({ traceId, sent: said?.spanId ?? '', parent: said?.parentId })
      }
    }
  }
  const spans = await receiver.received(kept.length * 2)
  t.equal(spans.length, kept.length * 2, 'what was dropped has no spans')
  for (const { traceId, sent, parent } of kept) {
    const client = spans.find(span => span.spanId === sent)
    t.match(client, { traceId, kind: 3 }, 'the upstream is a child of the client span')
    const server = spans.find(span => span.spanId === client?.parentSpanId)
    t.match(
      server,
      { traceId, kind: 2, parentSpanId: spanId },
      'of a server span whose parent is the caller’s'
    )
    if (parent !== undefined) t.equal(parent, server?.spanId, 'and where the wire tells it, it tells that')
  }
})

t.test('a 64-bit trace id keeps its width where it can', async t => {
  const { port, origin } = await world(t)
  const traceId = 'a3ce929d0e0e4736'
  for (const from of ['b3', 'b3multi', 'jaeger'] as const) {
    await ask(t, port, { fields: wires[from].write(traceId, spanId, 'keep') })
    t.match(wires.w3c.read(origin.last()), { traceId: traceId.padStart(32, '0') }, `${from} to w3c`)
    for (const to of ['b3', 'b3multi', 'jaeger'] as const)
      t.match(wires[to].read(origin.last()), { traceId, wish: 'keep' }, `${from} to ${to}`)
  }
  const wide = traceId.padStart(32, '0')
  await ask(t, port, { fields: wires.w3c.write(wide, spanId, 'keep') })
  t.match(wires.b3.read(origin.last()), { traceId: wide }, 'an id that came in 128 bits stays so')
})

t.test('a lone decision decides a new trace', async t => {
  const { port, origin, adminUrl } = await world(t)
  for (const [fields, wish] of [
    [[['b3', '0']], 'drop'],
    [[['b3', 'd']], 'debug'],
    [[['X-B3-Sampled', '1']], 'keep'],
    [[['X-B3-Flags', '1']], 'debug']
  ] as const) {
    await ask(t, port, { fields })
    t.match(wires.b3.read(origin.last()), { wish }, fields.join())
    t.equal(wires.b3.read(origin.last())?.traceId, wires.w3c.read(origin.last())?.traceId)
  }
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'continued' }), 4)
})

const garbage: readonly (readonly [dialect: string, fields: readonly Field[]])[] = [
  ...[
    '',
    'garbage',
    '00',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `ff-${'a'.repeat(32)}-${spanId}-01`,
    `00-${'a'.repeat(32)}-${spanId}-01-more`,
    `00-${'A'.repeat(32)}-${spanId}-01`,
    '\xff\xfe',
    '"><script>',
    '__proto__',
    'a'.repeat(8000)
  ].map(value => ['w3c', [['traceparent', value]]] as const),
  [
    'w3c',
    [
      ['traceparent', `00-${'a'.repeat(32)}-${spanId}-01`],
      ['traceparent', `00-${'b'.repeat(32)}-${spanId}-01`]
    ]
  ],
  ...[
    'x',
    'constructor',
    `${'a'.repeat(32)}-${spanId}-7`,
    `${'0'.repeat(32)}-${spanId}`,
    'z'.repeat(8000)
  ].map(value => ['b3', [['b3', value]]] as const),
  ['b3multi', [['X-B3-TraceId', 'a'.repeat(32)]]],
  ['b3multi', [['X-B3-Sampled', 'perhaps']]],
  [
    'b3multi',
    [
      ['X-B3-TraceId', '__proto__'],
      ['X-B3-SpanId', spanId]
    ]
  ],
  ...['%%%:::', '1:2:3', `${'g'.repeat(32)}:${spanId}:0:1`, '0:0:0:0', ':'.repeat(8000), '%E0%A4%A'].map(
    value => ['jaeger', [['uber-trace-id', value]]] as const
  )
]

t.test('garbage fails no request: it is counted with its reason, and a new trace begins', async t => {
  const { port, origin, adminUrl } = await world(t)
  const seen = new Set<string>()
  for (const [dialect, fields] of garbage) {
    const name = `${dialect}: ${fields.map(([, value]) => value.slice(0, 60)).join(' and ')}`
    const before = await metric(adminUrl, 'tracebridge_context_total', { dialect, outcome: 'malformed' })
    const reasons = await metric(adminUrl, 'tracebridge_malformed_total', { dialect })
    t.equal(statusOf(await ask(t, port, { fields })), 200, name)
    t.equal(
      await metric(adminUrl, 'tracebridge_context_total', { dialect, outcome: 'malformed' }),
      before + 1,
      name
    )
    t.equal(await metric(adminUrl, 'tracebridge_malformed_total', { dialect }), reasons + 1, name)
    const said = wireNames.map(wire => wires[wire].read(origin.last()))
    t.equal(new Set(said.map(one => one?.traceId)).size, 1, 'all dialects name one new trace')
    const [{ traceId = '' } = {}] = said
    t.notOk(seen.has(traceId) || /^(?:a{32}|b{32}|0{32})?$/.test(traceId))
    seen.add(traceId)
  }
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'continued' }), 0)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'absent' }), garbage.length)
  t.equal(
    await metric(adminUrl, 'tracebridge_malformed_total', { reason: '' }),
    0,
    'there is always a reason'
  )
})

t.test('a garbled dialect does not keep another from being followed', async t => {
  const { port, origin, adminUrl } = await world(t)
  const traceId = newTraceId()
  await ask(t, port, {
    fields: [
      ['traceparent', 'garbage'],
      ['tracestate', 'a=b'],
      ...wires.jaeger.write(traceId, spanId, 'keep')
    ]
  })
  t.match(wires.w3c.read(origin.last()), { traceId })
  t.notMatch(
    valueIn(origin.last(), 'tracestate') ?? '',
    'a=b',
    'a tracestate without its traceparent is void'
  )
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { dialect: 'w3c', outcome: 'malformed' }), 1)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { dialect: 'jaeger', outcome: 'continued' }), 1)
})

t.test('a broken tracestate is dropped and counted, its traceparent followed', async t => {
  const { port, origin, adminUrl } = await world(t)
  const traceId = newTraceId()
  await ask(t, port, { fields: [...wires.w3c.write(traceId, spanId, 'keep'), ['tracestate', 'a=b,=,c']] })
  t.match(wires.w3c.read(origin.last()), { traceId })
  t.equal(valueIn(origin.last(), 'tracestate'), undefined)
  t.equal(await metric(adminUrl, 'tracebridge_malformed_total', { dialect: 'w3c' }), 1)
})

t.test('contexts that disagree are linked and counted; the first accepted one is followed', async t => {
  const { port, origin, receiver, adminUrl } = await world(t)
  const [first, second] = [newTraceId(), newTraceId()]
  await ask(t, port, {
    fields: [
      ...wires.jaeger.write(second, 'aaaaaaaaaaaaaaaa', 'keep'),
      ...wires.w3c.write(first, spanId, 'keep'),
      // The same trace seen by a 64-bit service is none of them.
      ...wires.b3.write(first.slice(16), spanId, 'keep')
    ]
  })
  for (const name of wireNames) t.match(wires[name].read(origin.last()), { traceId: first }, name)
  const spans = await receiver.received(2)
  const [link, ...more] = spans.find(span => span.kind === 2)?.links ?? []
  t.match(link, { traceId: second, spanId: 'aaaaaaaaaaaaaaaa' })
  t.equal(more.length, 0)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { dialect: 'jaeger', outcome: 'conflict' }), 1)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'conflict' }), 1)
})

t.test('headers of vendors that are not spoken pass byte for byte', async t => {
  const { port, origin } = await world(t)
  const opaque = [
    ['x-dynatrace', 'FW4;-1;2;3;4;5;6;7'],
    ['newrelic', 'eyJ2IjpbMCwxXX0='],
    ['X-Request-Id', 'abc-1']
  ] as const
  await ask(t, port, { fields: opaque })
  for (const [name, value] of opaque) t.equal(valueIn(origin.last(), name.toLowerCase()), value)
})

t.test('baggage goes along with a trace that is continued', async t => {
  const { port, origin } = await world(t)
  await ask(t, port, {
    fields: [
      ...wires.b3.write(newTraceId(), spanId, 'keep'),
      ['baggage', 'tenant=a;p=1'],
      ['baggage', 'user=%C3%A9,junk']
    ]
  })
  t.equal(valueIn(origin.last(), 'baggage'), 'tenant=a;p=1,user=%C3%A9')
})
