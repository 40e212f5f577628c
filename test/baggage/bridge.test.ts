import t from 'tap'
import { type BaggagePolicy, bridge, bridgeOwn } from '../../src/baggage/bridge.ts'
import { baggageDialects } from '../../src/baggage/find.ts'
import { eachOf, type Headers, pairsOf, readerOf } from '../vectors/vectors.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const named = (names: readonly string[]) => names.flatMap(name => baggageDialects.get(name) ?? [])

type Asked = {
  readonly accept?: readonly string[]
  readonly emit?: readonly string[]
  readonly allow?: readonly string[]
  readonly maxBytes?: number
  readonly traceId?: string | undefined
}

function bridged(headers: Headers, asked: Asked = {}): [string, string][] {
  const {
    accept = ['w3c', 'jaeger', 'ot', 'sofa', 'sw8', 'eagleeye'],
    emit = ['w3c'],
    allow,
    maxBytes = 8192
  } = asked
  const policy: BaggagePolicy = {
    accept: named(accept),
    emit: named(emit),
    allow: allow === undefined ? 'all' : new Set(allow),
    maxBytes
  }
  return pairsOf(
    bridge(readerOf(headers), eachOf(headers), policy, 'traceId' in asked ? asked.traceId : traceId)
  )
}

t.test('of a key in several dialects the first accepted one is heard, whatever its case', async t => {
  const headers: Headers = [
    ['uberctx-userid', 'jaeger'],
    ['baggage', 'userId=w3c,userId=again'],
    ['ot-baggage-tier', 'gold'],
    ['uberctx-tier', 'silver']
  ]
  t.strictSame(bridged(headers), [['baggage', 'userId=w3c,userId=again,tier=silver']])
  t.strictSame(bridged(headers, { accept: ['ot', 'jaeger', 'w3c'] }), [
    ['baggage', 'tier=gold,userid=jaeger']
  ])
  t.strictSame(bridged(headers, { accept: ['ot'] }), [['baggage', 'tier=gold']])
  t.strictSame(bridged(headers, { accept: [] }), [])
  t.strictSame(bridged(headers, { emit: [] }), [])
})

t.test('every emitted dialect gets all of it, each within the limit', async t => {
  const headers: Headers = [['baggage', 'a=1,b=22222222;p=x']]
  t.strictSame(bridged(headers, { emit: ['w3c', 'jaeger', 'sw8'] }), [
    ['baggage', 'a=1,b=22222222;p=x'],
    ['uberctx-a', '1'],
    ['uberctx-b', '22222222'],
    ['sw8-correlation', 'YQ==:MQ==,Yg==:MjIyMjIyMjI=']
  ])
  t.strictSame(bridged(headers, { emit: ['w3c', 'jaeger', 'eagleeye'], maxBytes: 14 }), [
    ['baggage', 'a=1'],
    ['uberctx-a', '1'],
    ['EagleEye-UserData', 'a=1&b=22222222']
  ])
})

t.test('only keys that are allowed pass, in whatever case and dialect; the others take no room', async t => {
  const headers: Headers = [
    [
      'baggage',
      `secret=${'x'.repeat(8000)},${Array.from({ length: 100 }, (_, i) => `k${i}=1`).join(',')},userId=7`
    ],
    ['sw8-correlation', 'Y29uc3RydWN0b3I=:MQ==']
  ]
  t.strictSame(bridged(headers, { allow: ['userid', 'constructor'], maxBytes: 22 }), [
    ['baggage', 'userId=7,constructor=1']
  ])
  t.strictSame(bridged(headers, { allow: [] }), [])
  // Kelvin sign: lower-cased it is a k, which is not what was allowed.
  const kelvin = Buffer.from('\u212aey').toString('base64')
  t.strictSame(bridged([['sw8-correlation', `${kelvin}:MQ==`]], { allow: ['key'], emit: ['sw8'] }), [])
})

t.test('what steers SOFA’s middleware comes from SOFA alone and goes to it alone', async t => {
  const emit = ['w3c', 'sofa', 'jaeger']
  t.strictSame(bridged([['baggage-sys-mark', 'T']], { emit }), [['baggage-sys-mark', 'T']])
  t.strictSame(bridged([['baggage', 'Sys-mark=T']], { emit }), [
    ['baggage', 'Sys-mark=T'],
    ['uberctx-sys-mark', 'T']
  ])
  t.strictSame(bridged([['baggage-sys-mark', 'T']], { emit, allow: ['tenant'] }), [])
})

t.test('Sentry’s members go on with the trace they speak of, whole, in W3C’s list alone', async t => {
  const lot = `sentry-trace_id=${traceId},sentry-public_key=abc`
  const headers: Headers = [['baggage', `other=1,${lot}`]]
  t.strictSame(bridged(headers), [['baggage', `other=1,${lot}`]])
  t.strictSame(bridged(headers, { traceId: undefined }), [['baggage', 'other=1']], 'a new trace')
  t.strictSame(bridged(headers, { traceId: 'a'.repeat(32) }), [['baggage', 'other=1']], 'another trace')
  t.strictSame(bridged(headers, { allow: ['other', 'sentry-trace_id'] }), [['baggage', 'other=1']])
  t.strictSame(bridged(headers, { emit: ['jaeger'] }), [['uberctx-other', '1']])
  t.strictSame(bridged([['uberctx-sentry-public_key', 'forged']]), [], 'and from nowhere else')
  t.strictSame(bridged([['uberctx-sentry-public_key', 'x']], { emit: ['jaeger'] }), [
    ['uberctx-sentry-public_key', 'x']
  ])
})

t.test('line ends inside a member are data to the bridge and never reach a field', async t => {
  const hostile = Buffer.from('a\r\nx: y').toString('base64')
  const emit = [...baggageDialects.keys()]
  for (const [name, value] of bridged([['sw8-correlation', `${hostile}:${hostile},b:${hostile}`]], {
    emit
  })) {
    t.match(`${name}: ${value}`, /^[\x20-\x7e]+$/)
  }
})

t.test("the gateway's own member goes first, in every dialect, in place of the caller's", async t => {
  const own = { key: 'service.tag', value: 'gray', dialect: '', raw: undefined }
  const policy = (emit: readonly string[], maxBytes = 8192): BaggagePolicy => ({
    ...{ accept: named(['w3c']), emit: named(emit), allow: new Set(['a']), maxBytes }
  })
  const headers: Headers = [['baggage', 'a=1,Service.Tag=base,b=2']]
  const both = (asked: BaggagePolicy) =>
    pairsOf(bridge(readerOf(headers), eachOf(headers), asked, traceId, undefined, own))
  t.strictSame(both(policy(['w3c', 'jaeger'])), [
    ['baggage', 'service.tag=gray,a=1'],
    ['uberctx-service.tag', 'gray'],
    ['uberctx-a', '1']
  ])
  t.strictSame(both(policy(['w3c'], 17)), [['baggage', 'service.tag=gray']], 'whatever room others take')
  t.strictSame(both(policy([])), [])
  t.strictSame(pairsOf(bridgeOwn(policy(['w3c']), own)), [['baggage', 'service.tag=gray']])
  t.strictSame(pairsOf(bridgeOwn(policy(['w3c']), undefined)), [])
})
