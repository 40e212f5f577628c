import fc from 'fast-check'
import t from 'tap'
import { sw8 } from '../../src/dialects/sw8.ts'
import { encodeText } from '../../src/trace/base64.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { skywalkingSpanId, skywalkingTraceId } from '../../src/trace/identity.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contexts } from './contexts.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const own: readonly (readonly [string, string])[] = [
  ['sw8.segment', hop.segmentId],
  ['sw8.index', String(hop.number)],
  ['sw8.service', hop.service],
  ['sw8.instance', hop.instance],
  ['sw8.endpoint', hop.endpoint],
  ['sw8.peer', hop.peer]
]

// A trace that began in SkyWalking, or somewhere else.
const spoken = fc
  .tuple(contexts, fc.option(fc.constantFrom('3.4.5', 'é 漢', `${hop.segmentId}.12.345`)), fc.boolean())
  .map(([context, trace, skip]): TraceContext => {
    const entries: [string, string][] = skip ? [['sw8.skip', '1']] : []
    if (trace === null) return skip ? { ...context, residue: new Map(entries) } : context
    const residue = new Map([['sw8.trace', trace], ...entries])
    return { ...context, traceId: skywalkingTraceId(trace), residue }
  })

contract(t, sw8, {
  contexts: spoken,
  arrives: ({ traceId, residue }) => ({
    spanId: skywalkingSpanId(hop.segmentId, hop.number),
    residue: new Map([
      ['sw8.trace', residue?.get('sw8.trace') ?? traceId],
      ...own,
      ...(residue?.get('sw8.skip') === '1' ? ([['sw8.skip', '1']] as const) : [])
    ])
  }),
  onWire: encodeText,
  unread: ['sw8-correlation']
})
encodings(t, sw8, 'sw8')

for (const vector of vectors<Reading>('sw8')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = sw8.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind !== 'context') return
    const { residue } = received.context
    t.equal(residue?.get('sw8.trace'), extra['swTraceId'])
    t.equal(residue?.get('sw8.segment'), extra['segmentId'])
    t.equal(residue?.get('sw8.index'), String(extra['parentSpanIndex']))
    for (const name of ['service', 'instance', 'endpoint', 'peer']) {
      t.equal(residue?.get(`sw8.${name}`), extra[name], name)
    }
    t.equal(sw8.traceIdText(received.context), extra['swTraceId'], 'back ends find the trace by its own text')
  })
}

const b64 = encodeText
const trace = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440007'

function header(...fields: readonly string[]): Headers {
  return [['sw8', fields.join('-')]]
}

function usual(differing: Readonly<Record<number, string>> = {}): Headers {
  const fields = ['1', b64(trace), b64('a.b'), '3', b64('web'), b64('web-1'), b64('/p'), b64('gw:80')]
  return header(...fields.map((field, i) => differing[i] ?? field))
}

function written(context: TraceContext, differing = {}): [string, string][] {
  const set: string[] = []
  sw8.inject(context, set, { ...hop, ...differing })
  return pairsOf(set)
}

const fieldsOf = (pairs: readonly (readonly [string, string])[]) =>
  (pairs[0]?.[1] ?? '')
    .split('-')
    .map((field, i) => (i === 0 || i === 3 ? field : Buffer.from(field, 'base64').toString()))

t.test('an empty header is what an agent sends that does not trace: no complaint', async t => {
  t.strictSame(sw8.extract(readerOf([['sw8', '']])), { kind: 'none', reason: 'empty', malformed: false })
})

t.test('a browser that knows neither instance, endpoint nor peer is still continued', async t => {
  const received = sw8.extract(readerOf(usual({ 5: '', 6: '', 7: '' })))
  const context = contextOf(received)
  t.strictSame(
    [...(context.residue?.keys() ?? [])].sort(),
    ['sw8.index', 'sw8.segment', 'sw8.service', 'sw8.trace'],
    'what was empty is not kept'
  )
  t.notMatch(written(context)[0]?.[1] ?? '', /--|^-|-$/, 'and no field goes out empty')
  t.notMatch(written(context, { segmentId: '' })[0]?.[1] ?? '', /--|^-|-$/, 'on a transparent hop neither')
})

t.test('ids and the service may not be empty', async t => {
  for (const field of [1, 2, 4]) {
    t.equal(reasonOf(sw8.extract(readerOf(usual({ [field]: '' })))), 'empty-field', `field ${field}`)
  }
})

t.test('bytes that are no text are no field', async t => {
  for (const field of [1, 2, 4, 5, 6, 7]) {
    for (const bad of ['_w==', '/w==', 'A', 'QQ=', 'Q===', '=QQ=', ' QQ==']) {
      t.equal(reasonOf(sw8.extract(readerOf(usual({ [field]: bad })))), 'base64', `${field}: ${bad}`)
    }
  }
})

t.test('ids that hold control characters, or have no end, are none', async t => {
  for (const bad of ['a\r\nb', '\0', 'a\u0085', 'x'.repeat(257)]) {
    t.equal(reasonOf(sw8.extract(readerOf(usual({ 1: b64(bad) })))), 'trace-id', JSON.stringify(bad))
    t.equal(reasonOf(sw8.extract(readerOf(usual({ 2: b64(bad) })))), 'segment-id', JSON.stringify(bad))
  }
  t.equal(sw8.extract(readerOf(usual({ 1: b64('x'.repeat(256)) }))).kind, 'context')
})

t.test('names that hold control characters are none', async t => {
  for (const field of [4, 5, 6, 7]) {
    for (const bad of ['a\r\nb', '\0', '\u001b[2J', 'a\u0085']) {
      const received = sw8.extract(readerOf(usual({ [field]: b64(bad) })))
      t.equal(reasonOf(received), 'control-character', `${field}: ${JSON.stringify(bad)}`)
    }
    t.equal(sw8.extract(readerOf(usual({ [field]: b64('Bestellung – 注文') }))).kind, 'context')
  }
})

t.test('a span index is a number that agents can hold', async t => {
  for (const bad of ['', '2147483648', '99999999999', '1.5', '0x1', ' 1']) {
    t.equal(reasonOf(sw8.extract(readerOf(usual({ 3: bad })))), 'span-id', JSON.stringify(bad))
  }
  t.equal(contextOf(sw8.extract(readerOf(usual({ 3: '007' })))).residue?.get('sw8.index'), '7')
  t.equal(sw8.extract(readerOf(usual({ 3: '2147483647' }))).kind, 'context')
})

t.test('two headers are none, and neither is one beyond 2 KiB', async t => {
  t.equal(reasonOf(sw8.extract(readerOf([...usual(), ...usual()]))), 'field-count')
  t.equal(reasonOf(sw8.extract(readerOf(usual({ 6: b64('e'.repeat(1600)) })))), 'too-long')
})

t.test('the call names the gateway, and the trace keeps its own text', async t => {
  const context = contextOf(sw8.extract(readerOf(usual())))
  const { segmentId, service, instance, endpoint, peer } = hop
  t.strictSame(fieldsOf(written(context, { number: 2 })), [
    '1',
    trace,
    segmentId,
    '2',
    service,
    instance,
    endpoint,
    peer
  ])
})

t.test('names are cut to what the protocol takes, and no character is halved', async t => {
  const context = contextOf(sw8.extract(readerOf(usual())))
  const long = { service: 'é'.repeat(60), instance: `${'i'.repeat(49)}😀`, endpoint: `/${'漢'.repeat(200)}` }
  const [, , , , service, instance, endpoint] = fieldsOf(written(context, long))
  t.equal(service, 'é'.repeat(50))
  t.equal(instance, 'i'.repeat(49))
  t.equal(endpoint, `/${'漢'.repeat(149)}`)
})

t.test('the longest ids and names still make a header that is read', async t => {
  const context = contextOf(sw8.extract(readerOf(usual({ 1: b64('x'.repeat(256)) }))))
  const names = { service: '漢'.repeat(60), instance: '漢'.repeat(60), endpoint: '漢'.repeat(200) }
  const set = written(context, { ...names, peer: `${'h'.repeat(253)}:65535` })
  t.equal(sw8.extract(readerOf(set)).kind, 'context')
})

t.test('a trace that began elsewhere goes by its 32 digits, whatever another dialect calls it', async t => {
  const context = contextOf(sw8.extract(readerOf(usual())))
  const foreign = { ...context, residue: new Map([['eagleeye.trace', '0a67793015313127251908120e23db']]) }
  t.equal(fieldsOf(written(foreign))[1], context.traceId)
})

t.test('a dropped trace sends nothing, and so does one that is not decided', async t => {
  const context = contextOf(sw8.extract(readerOf(usual())))
  for (const sampling of ['drop', 'defer'] as const) t.strictSame(written({ ...context, sampling }), [])
  t.equal(written({ ...context, sampling: 'debug' }).length, 1)
})

t.test('on a transparent hop the caller’s segment and names go on', async t => {
  const context = contextOf(sw8.extract(readerOf(usual())))
  t.strictSame(written(context, { segmentId: '', transparent: true }), usual())
})

t.test('on a transparent hop a span of another dialect keeps its id', async t => {
  const context = { ...contextOf(sw8.extract(readerOf(usual()))), residue: undefined }
  const again = contextOf(sw8.extract(readerOf(written(context, { segmentId: '', transparent: true }))))
  t.equal(again.spanId, context.spanId)
  t.equal(again.traceId, context.traceId)
})

t.test('a wish to be left out of statistics goes on, and all else of sw8-x does not', async t => {
  const sent = (extension: string) =>
    written(contextOf(sw8.extract(readerOf([...usual(), ['sw8-x', extension]])))).slice(1)
  for (const kept of ['1', '1-', '1-1602743904804', '1-abc']) t.strictSame(sent(kept), [['sw8-x', '1']], kept)
  for (const gone of ['', '0', '0-', '0-1602743904804', '-', '2', '11', '1x', `1-${'9'.repeat(33)}`]) {
    t.strictSame(sent(gone), [], gone)
  }
})
