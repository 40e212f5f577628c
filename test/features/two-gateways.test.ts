// A service that speaks its own dialect calls one that speaks it too, and between them are gateways that speak W3C.
import t, { type Test } from 'tap'
import { type Field, valueIn } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { run } from '../running.ts'

const sw8Trace = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440007'
const sw8Segment = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440006'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

type Case = {
  readonly dialect: string
  readonly fields: readonly Field[]
  /** The trace id that the far service sees. */
  readonly idOf: (origin: Origin) => string | undefined
  readonly id: string
}

function idOfSw8(origin: Origin): string {
  return Buffer.from(valueIn(origin.last(), 'sw8')?.split('-')[1] ?? '', 'base64').toString()
}

function sw8Of(trace: string, segment: string): readonly Field[] {
  const names = ['web', 'web-1', '/p', 'gw:80'].map(base64).join('-')
  return [['sw8', `1-${base64(trace)}-${base64(segment)}-1-${names}`]]
}

const cases: readonly Case[] = [
  { dialect: 'sw8', fields: sw8Of(sw8Trace, sw8Segment), idOf: idOfSw8, id: sw8Trace },
  { dialect: 'sw8', fields: sw8Of('3.4.5', '1.2.3'), idOf: idOfSw8, id: '3.4.5' },
  { dialect: 'sw8', fields: sw8Of('订单 1', '1.2.3'), idOf: idOfSw8, id: '订单 1' },
  ...[
    '0a67793015313127251908120e23db',
    'eac0a8020116974429411421021d0001',
    '1f0a1c2d17000000000001234zzzzz'
  ].map(id => ({
    dialect: 'eagleeye',
    fields: [
      ['EagleEye-TraceID', id],
      ['EagleEye-RpcID', '0.1'],
      ['EagleEye-Sampled', 's1']
    ] as const,
    idOf: (origin: Origin) => valueIn(origin.last(), 'eagleeye-traceid'),
    id
  })),
  {
    dialect: 'sofa',
    fields: [
      ['X-B3-TraceId', '0ad1348f1403169275002100356696'],
      ['X-B3-SpanId', '0.1'],
      ['X-B3-ParentSpanId', '0'],
      ['X-B3-Sampled', 'true']
    ],
    idOf: origin => valueIn(origin.last(), 'x-b3-traceid'),
    id: '0ad1348f1403169275002100356696'
  }
]

/** Three in a row: into W3C, through it, and out into every other dialect by path. */
async function inARow(t: Test, receiver: Receiver | undefined) {
  const origin = await startOrigin(t)
  const between = await startOrigin(t)
  const exporting = receiver === undefined ? '' : `export: [{ otlp: { url: "${receiver.url}" } }]`
  const rules = (url: string, routes: string) => `
${exporting}
emit: [w3c]
upstreams: { next: { targets: [{ url: "${url}" }] } }
routes:
  - { match: { path: /** }, upstream: next }
${routes}
`
  const dialects = ['sw8', 'eagleeye', 'sofa']
  const outward = dialects.map(name => `  - { match: { path: /${name} }, upstream: next, emit: [${name}] }`)
  const last = await run(t, rules(origin.url, outward.join('\n')))
  const middle = await run(t, rules(last.url, ''))
  const first = await run(t, rules(middle.url, ''))
  const beside = await run(t, rules(between.url, ''))
  return { origin, between, first, beside }
}

t.test('gateways in a trace give the caller’s own trace id back', async t => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { origin, between, first, beside } = await inARow(t, receiver)
  for (const { dialect, fields, idOf, id } of cases) {
    await ask(t, first.port, { path: `/${dialect}`, fields })
    t.equal(idOf(origin), id, dialect)
    t.equal(
      valueIn(origin.last(), 'traceparent'),
      undefined,
      'and the far service gets its own dialect alone'
    )
    await ask(t, beside.port, { path: `/${dialect}`, fields })
    const parent = valueIn(between.last(), 'traceparent')?.split('-')[2]
    t.match(valueIn(between.last(), 'tracestate'), new RegExp(`^tb=[^,]*;p:${parent}$`))
  }
  await receiver.received(cases.length * 8)
})

t.test('gateways outside of traces give back the caller’s place too', async t => {
  const { origin, first } = await inARow(t, undefined)
  for (const { dialect, fields, idOf, id } of cases) {
    await ask(t, first.port, { path: `/${dialect}`, fields })
    t.equal(idOf(origin), id, dialect)
    if (dialect === 'sw8') {
      const place = (value: string | undefined) => value?.split('-').slice(0, 4)
      t.strictSame(place(valueIn(origin.last(), 'sw8')), place(fields[0]?.[1]))
    } else t.equal(valueIn(origin.last(), fields[1]?.[0].toLowerCase() ?? ''), fields[1]?.[1], 'the path')
  }
})

t.test('a gateway that sends sw8 reports the spans that SkyWalking’s back end would see', async t => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { origin, first } = await inARow(t, receiver)
  await ask(t, first.port, { path: '/sw8', fields: sw8Of(sw8Trace, sw8Segment) })
  const [, , segmentField = '', index] = valueIn(origin.last(), 'sw8')?.split('-') ?? []
  const segment = Buffer.from(Buffer.from(segmentField, 'base64').toString(), 'hex')
  t.equal(segment.length, 16)
  t.equal(index, '1')
  // As the collector makes span ids: https://github.com/open-telemetry/opentelemetry-collector-contrib
  const spanIdOf = (number: number) => {
    const bytes = Buffer.from(segment)
    bytes.writeUInt8(bytes.readUInt8(0) ^ number, 0)
    const halves = [bytes.readBigUInt64BE(0), bytes.readBigUInt64BE(8)] as const
    return (halves[0] ^ halves[1]).toString(16).padStart(16, '0')
  }
  const spans = await receiver.received(6)
  const client = spans.find(span => span.spanId === spanIdOf(1))
  t.match(client, { kind: 3, parentSpanId: spanIdOf(0) })
  t.match(
    spans.find(span => span.spanId === spanIdOf(0)),
    { kind: 2 }
  )
})

t.test('a caller that is not believed begins a new trace, and nothing of the old one goes along', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
export: [{ console: {} }]
trust: [{ from: any, context: restart }]
emit: [w3c, sw8, eagleeye]
upstreams: { next: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: next }]
`
  )
  for (const { fields, id } of cases) {
    await ask(t, port, { fields: [...fields, ['sw8-correlation', 'dGVzdA==:dHJ1ZQ=='], ['sw8-x', '1-1']] })
    const { head } = origin.last()
    t.notOk(head.includes(id) || head.includes(base64(id)))
    t.notMatch(valueIn(origin.last(), 'tracestate') ?? '', /tb=/)
    for (const gone of ['sw8-correlation', 'sw8-x']) t.equal(valueIn(origin.last(), gone), undefined, gone)
  }
})

t.test('garbage in these dialects fails no request, and none of it goes on', async t => {
  const { origin, first } = await inARow(t, undefined)
  const names = [
    'sw8',
    'sw8-correlation',
    'sw8-x',
    'EagleEye-TraceID',
    'EagleEye-RpcID',
    'sftc_head'
  ] as const
  const values = [
    '',
    '-',
    '\xff\xfe',
    'constructor',
    '__proto__',
    '-'.repeat(5000),
    '1-'.repeat(8),
    '%%',
    ' x y'
  ]
  for (const name of names) {
    for (const value of values) {
      await ask(t, first.port, {
        path: '/sw8',
        fields: Array.from({ length: 3 }, () => [name, value] as const)
      })
      t.match(
        valueIn(origin.last(), 'sw8') ?? '',
        /^(?:1-[^-]+-[^-]+-\d+(?:-[^-]+){4})?$/,
        `${name}: ${value}`
      )
      t.equal(valueIn(origin.last(), name.toLowerCase()) === value && value.length > 0, false)
    }
  }
})
