// What W3C has no room for goes along in its tracestate, and comes back; and a segment names the gateway's spans.
import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { eagleeye } from '../../src/dialects/eagleeye.ts'
import { sofa } from '../../src/dialects/sofa.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { encodeText } from '../../src/trace/base64.ts'
import { skywalkingSpanId } from '../../src/trace/identity.ts'
import { memberOf } from '../../src/trace/tracestate.ts'
import { hop } from '../call.ts'
import type { Headers } from '../vectors/vectors.ts'
import { planOf, policyOf } from './policies.ts'
import { type Asked, sent, through } from './through.ts'

const trace = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440007'
const segment = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440006'
const traceId = 'a12ff60b220746385e84ef51c4c5fc3d'

const skywalking: Headers = [
  ['sw8', ['1', trace, segment, '1', 'web', 'web-1', '/p', 'gw:80'].map(coded).join('-')]
]
const eagle: Headers = [
  ['EagleEye-TraceId', '0a67793015313127251908120e23db'],
  ['EagleEye-RpcId', '0.1'],
  ['EagleEye-Sampled', 's1']
]
const sofaTracer: Headers = [
  ['X-B3-TraceId', '0ad1348f1403169275002100356696'],
  ['X-B3-SpanId', '0.1'],
  ['X-B3-Sampled', 'true']
]

function coded(field: string, at: number): string {
  return at === 0 || at === 3 ? field : encodeText(field)
}

const accept: readonly Dialect[] = [w3c, b3, sofa, sw8, eagleeye]
const spoken = { sw8: skywalking, eagleeye: eagle, sofa: sofaTracer }
const by = { sw8, eagleeye, sofa }

function goes(headers: Headers, emit: readonly Dialect[], asked: Omit<Asked, 'policy'> = {}, differing = {}) {
  return sent(through(headers, { policy: policyOf({ accept, emit, ...differing }), ...asked }))
}

/** What one gateway sends, as the next receives it. */
function onward(got: ReadonlyMap<string, string>, differing: Readonly<Record<string, string>> = {}): Headers {
  return [...new Map([...got, ...Object.entries(differing)])]
}

t.test('what a caller said in its own dialect is written beside the span that it is about', async t => {
  for (const [name, headers, value] of [
    [
      'sw8',
      skywalking,
      'f:s;t:joS_2C1gHRjiZ6oSuS6nLPXrH3a37_5HbGw;s:joS_2C1gHRjiZ6oSuS6nLPXrG3a37_5HbGw;n:1;p:'
    ],
    ['eagleeye', eagle, 'f:e;t:xCmd5MBUxMSclGQgSDiPb;r:0.1;p:'],
    ['sofa', sofaTracer, 'f:o;t:xCtE0jxQDFpJ1ACEANWaW;r:0.1;p:']
  ] as const) {
    const { attempts } = through(headers, { policy: policyOf({ accept, emit: [w3c] }) })
    for (const { set, span } of attempts) {
      const member = memberOf(set[set.indexOf('tracestate') + 1] ?? '', 'tb')
      t.equal(member, value + span.spanId, `${name}: each attempt names its own span`)
      t.equal(memberOf(span.tracestate, 'tb'), undefined, 'what is exported is not made longer by it')
    }
  }
})

t.test('a later gateway gives the caller’s own trace id back, however many are between', async t => {
  for (const name of ['sw8', 'eagleeye', 'sofa'] as const) {
    const direct = goes(spoken[name], [by[name]])
    let headers: Headers = spoken[name]
    for (let gateways = 0; gateways < 3; gateways++) headers = onward(goes(headers, [w3c]))
    const back = goes(headers, [by[name]])
    const [field = ''] = by[name].fields
    const idOf = (got: ReadonlyMap<string, string>) => got.get(field)?.split('-', 2).slice(0, 2).join('-')
    t.ok(idOf(direct))
    t.equal(idOf(back), idOf(direct), name)
    t.strictSame([...back.keys()], [...direct.keys()])
  }
})

t.test('a member is put in front, and those of others keep their order and bytes', async t => {
  // Ids are counted in each gateway here: the next one would write what is there already.
  const elsewhere = (text: string) => text.replace('bb00000000000002', '00f067aa0ba902b7')
  const first = new Map([...goes(skywalking, [w3c])].map(([field, value]) => [field, elsewhere(value)]))
  const amended = onward(first, { tracestate: `foo=1,${first.get('tracestate')},bar= 2` })
  const list = goes(amended, [w3c]).get('tracestate') ?? ''
  t.match(list, /^tb=f:s;[^,]*,foo=1,bar= 2$/)
})

t.test(
  'after a hop that does not know the member, the trace id still comes back, and no segment is claimed',
  async t => {
    const first = onward(goes(skywalking, [w3c]), { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
    const went = through(first, { policy: policyOf({ accept, emit: [w3c, sw8] }) })
    const { residue } = went.mediation.span
    t.equal(residue?.get('sw8.trace'), trace)
    t.equal(residue?.get('sw8.segment'), undefined)
    t.equal(
      sent(went).get('tracestate'),
      new Map(first).get('tracestate'),
      'what tells of an ancestor is not made to tell of the parent'
    )
    t.ok(
      sent(went)
        .get('sw8')
        ?.startsWith(`1-${encodeText(trace)}-`)
    )
  }
)

t.test('after a hop that does not know the member, calls are numbered below the ancestor', async t => {
  const [[, traceparent = ''] = []] = onward(goes(eagle, [w3c]))
  const between = traceparent.replace(/-[0-9a-f]{16}-/, '-b7ad6b7169203331-')
  const first = onward(goes(eagle, [w3c]), { traceparent: between })
  t.equal(goes(first, [eagleeye]).get('EagleEye-RpcID'), '0.1.1')
  t.equal(goes(first, [w3c]).get('tracestate'), new Map(first).get('tracestate'))
})

t.test('a member about another trace is left as it is, and not believed', async t => {
  const first = goes(skywalking, [w3c])
  const headers = onward(first, { traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01` })
  const went = through(headers, { policy: policyOf({ accept, emit: [w3c, sw8] }) })
  t.equal(went.mediation.span.residue, undefined)
  t.equal(sent(went).get('tracestate'), first.get('tracestate'))
  t.ok(
    sent(went)
      .get('sw8')
      ?.startsWith(`1-${encodeText('4bf92f3577b34da6a3ce929d0e0e4736')}-`)
  )
})

t.test('a restart carries nothing', async t => {
  for (const trust of ['restart', 'ignore'] as const) {
    for (const headers of [skywalking, onward(goes(skywalking, [w3c]))]) {
      const got = goes(headers, [w3c, sw8], { trust })
      t.equal(memberOf(got.get('tracestate') ?? '', 'tb'), undefined)
      t.notOk(got.get('sw8')?.includes(encodeText(trace)))
    }
  }
})

t.test('what is not sent in W3C needs no member, and what was not said has none', async t => {
  t.notOk(goes(skywalking, [b3, sw8]).has('tracestate'))
  t.notOk(
    goes([['b3', `${traceId}-00f067aa0ba902b7-1`]], [w3c], {}, { baggage: undefined }).has('tracestate')
  )
})

t.test('the spans of a gateway with a segment are those of its segment', async t => {
  const { mediation, attempts } = through(skywalking, { policy: policyOf({ accept, emit: [w3c, sw8] }) })
  const { segmentId } = mediation
  t.match(segmentId, /^[0-9a-f]{32}$/)
  t.equal(mediation.span.spanId, skywalkingSpanId(segmentId, 0))
  t.equal(mediation.span.parentId, skywalkingSpanId(segment, 1), 'below the caller’s span')
  for (const { span, set } of attempts) {
    t.equal(span.spanId, skywalkingSpanId(segmentId, hop.number))
    const value = set[set.indexOf('sw8') + 1] ?? ''
    t.strictSame(value.split('-').slice(1, 4), [encodeText(trace), encodeText(segmentId), `${hop.number}`])
    t.match(
      sw8.extract(field => (field === 'sw8' ? value : undefined)),
      { context: { spanId: span.spanId } }
    )
    t.equal(
      set[set.indexOf('traceparent') + 1],
      `00-${traceId}-${span.spanId}-01`,
      'W3C tells of the same span'
    )
  }
})

t.test('without a dialect that has segments there is none', async t => {
  const { mediation } = through(skywalking, { policy: policyOf({ accept, emit: [w3c, eagleeye] }) })
  t.equal(mediation.segmentId, '')
  t.match(mediation.span.spanId, /^bb/)
})

t.test('a dropped trace sends no sw8, and its drop in all else', async t => {
  const dropped: Headers = [['b3', `${traceId}-00f067aa0ba902b7-0`]]
  const got = goes(dropped, [b3, sw8, w3c, eagleeye])
  t.notOk(got.has('sw8'))
  t.match(got.get('b3'), /-0-[0-9a-f]{16}$/)
  t.equal(got.get('EagleEye-Sampled'), 's0')
  t.notOk(goes(skywalking, [sw8], { plan: planOf('ignore', 0) }).has('sw8'))
})

t.test('a gateway that does not show passes all three on as they came', async t => {
  for (const [name, headers] of [
    ['sw8', skywalking],
    ['eagleeye', eagle],
    ['sofa', sofaTracer]
  ] as const) {
    const got = goes(headers, [by[name]], {}, { spans: 'none' })
    const lower = new Map([...got].map(([field, value]) => [field.toLowerCase(), value]))
    for (const [field, value] of headers) t.equal(lower.get(field.toLowerCase()), value, `${name} ${field}`)
  }
})

t.test('W3C passes a gateway that does not show byte for byte, its members too', async t => {
  const first = onward(goes(skywalking, [w3c]))
  const state = `foo=1,${new Map(first).get('tracestate')}`
  const headers = onward(new Map(first), { tracestate: state })
  const got = goes(headers, [w3c], {}, { spans: 'none' })
  t.equal(got.get('tracestate'), state)
  t.equal(got.get('traceparent'), new Map(first).get('traceparent'))
})

t.test('behind a gateway that does not show, the caller’s own dialect comes out whole', async t => {
  const through = onward(goes(skywalking, [w3c], {}, { spans: 'none' }))
  const back = goes(through, [sw8], {}, { spans: 'none' })
  t.strictSame(back.get('sw8')?.split('-').slice(0, 4), skywalking[0]?.[1].split('-').slice(0, 4))
  const eagles = onward(goes(eagle, [w3c], {}, { spans: 'none' }))
  const rpc = goes(eagles, [eagleeye], {}, { spans: 'none' })
  t.equal(rpc.get('EagleEye-TraceID'), eagle[0]?.[1])
  t.equal(rpc.get('EagleEye-RpcID'), '0.1')
})

t.test('a path may be left as it is though the gateway reports', async t => {
  const got = goes(eagle, [eagleeye, w3c], {}, { rpc: 'transparent' })
  t.equal(got.get('EagleEye-RpcID'), '0.1')
  t.notMatch(got.get('traceparent'), /-0{16}-/)
})
