import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { eagleeye } from '../../src/dialects/eagleeye.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { eagleeyeTraceId, rpcSpanId } from '../../src/trace/identity.ts'
import { decodeUserData } from '../../src/trace/user-data.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contexts } from './contexts.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const classic = '0a67793015313127251908120e23db'

const spoken = fc
  .tuple(
    contexts,
    fc.option(fc.constantFrom(classic, 'not-hex-id!', 'F', 'de5980b8-fce3-4a37-aab9-b4ac3af7eedd')),
    fc.constantFrom('0', '0.1', '9.12.3')
  )
  .map(([context, trace, rpc]): TraceContext => {
    if (trace === null) return context
    const residue = new Map([
      ['eagleeye.trace', trace],
      ['eagleeye.rpc', rpc]
    ])
    return { ...context, traceId: eagleeyeTraceId(trace), residue }
  })

contract(t, eagleeye, {
  contexts: spoken,
  arrives: ({ traceId, residue }) => {
    const trace = residue?.get('eagleeye.trace') ?? traceId
    const rpc = `${residue?.get('eagleeye.rpc') ?? '0'}.${hop.number}`
    return {
      spanId: rpcSpanId(trace, rpc),
      residue: new Map([
        ['eagleeye.trace', trace],
        ['eagleeye.rpc', rpc]
      ])
    }
  },
  stable: ['EagleEye-TraceID', 'EagleEye-Sampled'],
  unread: ['EagleEye-UserData'],
  freeText: ['EagleEye-TraceID']
})
encodings(t, eagleeye, 'eagleeye')

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** How the trace id came about, by the vectors' words. */
function mapped(how: unknown, id: string): string {
  if (how === 'verbatim') return id
  if (how === 'left-pad') return id.padStart(32, '0')
  return how === 'sha256' ? hashed(`eagleeye-trace:${id}`).slice(0, 32) : 'unknown'
}

for (const vector of vectors<Reading>('eagleeye')) {
  t.test(`reads ${vector.name}`, async t => {
    const read = readerOf(vector.headers)
    const received = eagleeye.extract(read)
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    t.strictSame(decodeUserData(read('eagleeye-userdata') ?? '').pairs, extra['userData'] ?? [])
    if (received.kind !== 'context') return
    const { residue, traceId, spanId } = received.context
    const id = String(extra['eagleTraceId'])
    t.equal(residue?.get('eagleeye.trace'), id)
    t.equal(residue?.get('eagleeye.rpc'), extra['rpcId'])
    t.equal(traceId, mapped(extra['traceIdMapping'], id))
    t.equal(residue?.has('eagleeye.span'), extra['spanIdSource'] === 'spanid')
    if (extra['spanIdSource'] === 'rpcid-hash') {
      t.equal(spanId, hashed(`rpcid:${id}:${extra['rpcId']}`).slice(0, 16))
    }
    t.equal(residue?.get('eagleeye.app'), extra['pAppName'])
    t.equal(residue?.get('eagleeye.caller'), extra['pRpc'])
    if (extra['sessionId'] !== undefined) {
      t.equal(read('eagleeye-sessionid'), extra['sessionId'])
      t.notOk(
        eagleeye.fields.includes('EagleEye-SessionID'),
        'a session is not of the call: it passes untouched'
      )
    }
  })
}

function rewritten(headers: Headers, differing = {}): [string, string][] {
  const set: string[] = []
  eagleeye.inject(contextOf(eagleeye.extract(readerOf(headers))), set, { ...hop, ...differing })
  return pairsOf(set)
}

const captured: Headers = [
  ['EagleEye-TraceID', 'eac0a8020116974429411421021d0001'],
  ['EagleEye-RpcID', '0.2.1'],
  ['EagleEye-SpanId', '-1207596966212570593'],
  ['EagleEye-pSpanId', '-7254661991881594415'],
  ['EagleEye-pAppName', 'shop'],
  ['EagleEye-pRpc', '/httpbin/get'],
  ['EagleEye-Sampled', 's0']
]

t.test('each attempt is the next call of the gateway', async t => {
  for (const number of [1, 2]) {
    t.strictSame(rewritten(captured, { number }), [
      ['EagleEye-TraceID', 'eac0a8020116974429411421021d0001'],
      ['EagleEye-RpcID', `0.2.1.${number}`],
      ['EagleEye-Sampled', 's0']
    ])
  }
})

t.test('a gateway that does not show leaves all as it was', async t => {
  t.strictSame(rewritten(captured, { transparent: true }), captured)
  const few = captured.slice(0, 2)
  t.strictSame(rewritten(few, { transparent: true }), few)
})

t.test('a gateway that does not show gives a span of another dialect its number', async t => {
  const context: TraceContext = {
    ...contextOf(eagleeye.extract(readerOf(captured))),
    spanId: 'ef3dc0f5150f721f',
    parentId: '00f067aa0ba902b7',
    residue: undefined
  }
  const set: string[] = []
  eagleeye.inject(context, set, { ...hop, transparent: true })
  const again = contextOf(eagleeye.extract(readerOf(pairsOf(set))))
  t.match(again, { traceId: context.traceId, spanId: context.spanId, parentId: context.parentId })
})

t.test('browser ids of 30 characters with odd last five go on as they came', async t => {
  const id = '1f0a1c2d17000000000001234zzzzz'
  t.equal(rewritten([['EagleEye-TraceID', id]])[0]?.[1], id)
})

t.test('what is no trace id or path is a complaint', async t => {
  const reason = (...headers: Headers) => reasonOf(eagleeye.extract(readerOf(headers)))
  for (const bad of ['a b', 'é', 'a\tb', '\x7f', 'x'.repeat(65)]) {
    t.equal(reason(['EagleEye-TraceID', bad]), 'trace-id', JSON.stringify(bad))
  }
  for (const bad of ['a', '0.', '.1', '0..1', '0.1.x', '0,1', '-1', `0${'.1'.repeat(128)}`, '12345678901']) {
    t.equal(reason(['EagleEye-TraceID', classic], ['EagleEye-RpcID', bad]), 'rpc-id', bad)
  }
  t.equal(reason(['EagleEye-RpcID', '0.1']), 'absent', 'a path without a trace is nothing')
  t.equal(reason(['EagleEye-TraceID', classic], ['eagleeye-traceid', 'b b']), 'trace-id', 'two traces')
})

t.test('a caller’s names that HTTP would not send are left out', async t => {
  const { residue } = contextOf(
    eagleeye.extract(
      readerOf([
        ['EagleEye-TraceID', classic],
        ['EagleEye-pAppName', 'a\r\nb'],
        ['EagleEye-pRpc', 'x'.repeat(257)]
      ])
    )
  )
  t.strictSame([...(residue?.keys() ?? [])], ['eagleeye.trace', 'eagleeye.rpc'])
})
