import t, { type Test } from 'tap'
import { randomIds } from '../../src/trace/ids.ts'
import { type DryRun, translate } from '../../src/translate/translate.ts'
import { loaded } from '../rules/rule-files.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const other = 'c'.repeat(32)
type Headers = readonly (readonly [string, string])[]
const inW3c = ['traceparent', `00-${traceId}-${spanId}-01`] as const

function explained(t: Test, headers: Headers, more = '', emit = '[w3c]', from = '127.0.0.1'): DryRun {
  const text = `
${more.includes('spans:') ? '' : 'export: [{ console: {} }]'}
accept: [w3c, b3, jaeger, xray, sw8]
upstreams: { orders: { targets: [{ url: http://127.0.0.1:9 }], emit: ${emit} } }
routes: [{ match: { path: /** }, upstream: orders }]
${more}
`
  const question = { method: 'GET', path: '/', host: undefined, from, headers }
  return translate(loaded(t, text).rules, question, randomIds)
}

function has(t: Test, { why }: DryRun, ...sentences: readonly RegExp[]): void {
  for (const sentence of sentences) {
    t.ok(
      why.some(each => sentence.test(each)),
      `${sentence} in ${why.join(' | ')}`
    )
  }
}

t.test('who is followed, and why', async t => {
  has(t, explained(t, [inW3c]), /^w3c is followed: it alone has a whole context$/)
  has(
    t,
    explained(t, [inW3c, ['b3', `${other}-${spanId}-1`]]),
    /^w3c is followed: of those with a whole context it comes first in accept$/,
    /^b3 names another trace: it is not followed, and the span links to it$/
  )
  has(
    t,
    explained(t, [inW3c, ['b3', `${other}-${spanId}-1`]], 'spans: none'),
    /^b3 names another trace: it is not followed$/
  )
  has(
    t,
    explained(t, [['b3', `${other}-${spanId}-1`], inW3c], 'conflict: newest-dialect'),
    /^w3c is followed: of those that disagree, its trace was chosen \(conflict: newest-dialect\)$/
  )
  has(t, explained(t, [inW3c, ['b3', `${traceId}-${spanId}-1`]]), /^b3 names the same trace: no conflict$/)
  has(
    t,
    explained(t, [['x-amzn-trace-id', 'Root=1-5759e988-bd862e3fe1be46a994272793']]),
    /^xray is followed: it names a trace without a parent/
  )
  has(t, explained(t, [['b3', '0']]), /^b3 says "drop" without a trace, .*: a new trace begins$/)
  has(t, explained(t, []), /^none of the dialects of accept \(w3c, b3, jaeger, xray, sw8\) is in the headers/)
})

t.test('what could not be read, and what was said apart from a trace', async t => {
  has(
    t,
    explained(t, [['b3', 'zz']]),
    /^b3 is there, but cannot be read \([a-z-]+\): nothing is copied from it; a new trace begins$/
  )
  has(
    t,
    explained(t, [inW3c, ['uber-trace-id', 'x']]),
    /^jaeger is there, but cannot be read \(field-count\)/
  )
  has(
    t,
    explained(t, [inW3c, ['b3', '0']]),
    /^b3 says "drop" apart .* does not count, for w3c decides itself$/
  )
  const open: Headers = [['x-amzn-trace-id', `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=${spanId}`]]
  has(
    t,
    explained(t, [...open, ['b3', '0']]),
    /^b3 says "drop" apart .* counts, for xray leaves the decision open/
  )
})

t.test('what is remembered for upstreams that speak the same, and where it came from', async t => {
  const sw8 = ['sw8', '1-dHJhY2U=-c2Vn-1-cw==-aQ==-ZQ==-cA=='] as const
  has(t, explained(t, [sw8]), /^remembered, for upstreams that speak the same: .*sw8\.trace trace/)
  const passed = explained(t, [sw8]).translation.upstreams['orders']?.set ?? []
  has(
    t,
    explained(t, passed),
    /^given back from tracestate, where an earlier gateway kept it: sw8\.trace trace/
  )
})

t.test('what was trusted, and by which entry', async t => {
  has(
    t,
    explained(t, [inW3c]),
    /^the caller is 127\.0\.0\.1, and entry 1 of trust holds \(from: loopback, context: continue\): what it says counts/
  )
  const stranger = explained(t, [inW3c], '', '[w3c]', '8.8.8.8')
  has(t, stranger, /^w3c is heard: /, /entry 3 of trust holds .*: its trace is not gone on with, only linked/)
  const more = 'trust: [{ from: 10.0.0.0/8, context: ignore }]'
  has(t, explained(t, [inW3c], more), /no entry of trust holds: its trace is not gone on with/)
  has(t, explained(t, [inW3c], more, '[w3c]', '10.1.1.1'), /entry 1 .*: nothing that it says counts/)
})

t.test('a secret of a trust entry is not told', async t => {
  const more =
    'trust: [{ from: any, secret: { header: x-key, value: open-sesame-open-sesame }, context: continue }]'
  const run = explained(t, [inW3c, ['x-key', 'open-sesame-open-sesame']], more)
  has(t, run, /entry 1 of trust holds/)
  t.notMatch(run.why.join(), 'open-sesame')
})

t.test('why it is sampled, or not', async t => {
  const asked = (headers: Headers, sampling: string) => explained(t, headers, `sampling: ${sampling}`)
  has(t, asked([inW3c], '{ rate: 0% }'), /^sampled: the caller said "keep", and is followed \(.*follow\)$/)
  has(t, asked([['b3', '0']], '{ rate: 100% }'), /^not sampled: the caller said "drop"/)
  has(
    t,
    asked([['b3', 'd']], '{ rate: 0% }'),
    /^sampled: the caller said "debug", which goes past every rate/
  )
  has(t, asked([inW3c], '{ rate: 0%, parent: cap }'), /^not sampled: .*"keep", and the rate of 0% caps it/)
  has(t, asked([], '{ rate: 30% }'), /sampled: nobody who is believed decided, so the rate of 30% does/)
  has(t, asked([inW3c], '{ rate: 0%, parent: ignore }'), /^not sampled: .* whatever the caller said/)
  has(t, asked([], '{ adaptive: { target: 1/s } }'), /sampled: nobody .* so the adaptive rate, 10% now, does/)
  has(t, asked([], '{ rate: 1, at-most: 1/s }'), /^sampled: .* the rate of 100% under sampling\.at-most does/)
  const force = [
    ['b3', '0'],
    ['x-force', '1']
  ] as const
  has(
    t,
    asked(force, '{ rate: 0%, force: { header: X-Force, at-most: 0/s } }'),
    /^sampled: a believed caller asks for it by the field x-force \(sampling\.force\)$/
  )
  has(t, explained(t, [inW3c], 'spans: none'), /^the gateway is a transparent hop here \(spans: none\)/)
})

t.test('what each emitted dialect loses of this very context', async t => {
  const lost = (headers: Headers, emit: string, more = '') =>
    explained(t, headers, more, emit).losses.get('orders')?.join(' | ') ?? ''
  const narrow = ['b3', `a3ce929d0e0e4736-${spanId}-d`] as const
  t.match(lost([narrow], '[w3c]'), /^w3c loses "debug": it arrives as "keep"; that the trace id had 64 bits/)
  t.equal(lost([narrow], '[b3]'), '')
  t.match(lost([inW3c, ['tracestate', 'a=b']], '[b3]'), /^b3 loses tracestate \(a=b\)$/)
  t.match(lost([inW3c], '[ot]'), /ot loses the first half of the trace id \(4bf92f3577b34da6\)/)
  t.match(lost([['b3', '0']], '[sw8]'), /^sw8 loses the whole context: it has no way to say "not kept"/)
  t.match(lost([['b3', '0']], '[instana]'), /^instana loses the ids/)
  t.match(
    lost([['b3', `${traceId}-${spanId}`]], '[w3c]', 'spans: none'),
    /the open decision: the gateway decides/
  )
  t.match(lost([inW3c], '[w3c, b3]', 'spans: none'), /^w3c passes as it came, byte for byte/)
  const contrary: Headers = [inW3c, ['b3', `${'c'.repeat(32)}-${spanId}-1`]]
  t.match(
    lost(contrary, '[w3c, b3]', 'spans: none'),
    /^w3c passes as it came, byte for byte \| b3 passes as it came, byte for byte: it names another trace$/
  )
  const richer: Headers = [inW3c, ['b3', `${'c'.repeat(32)}-${spanId}-1-05e3ac9a4f6e3b90`]]
  t.match(
    lost(richer, '[w3c, b3], random-flag: mask', 'spans: none\nconflict: richest'),
    /w3c goes on with the other trace that it names/
  )
})

function inSw8(trace: string): Headers {
  const fields = [trace, 'a.b', 'web', 'web-1', '/p', 'gw:80'].map(text =>
    Buffer.from(text).toString('base64')
  )
  return [['sw8', ['1', fields[0], fields[1], '3', ...fields.slice(2)].join('-')]]
}

t.test('what a caller wrote does to no terminal what it pleases', async t => {
  const run = explained(t, inSw8('a\u202eb\u2028c'))
  const said = run.why.join()
  // Without the text in the message: there it would do to the test's own output what it pleases.
  t.equal(said.includes('sw8.trace a\\u{202e}b\\u{2028}c'), true)
  t.equal(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(said), false)
})

t.test('an id of SkyWalking’s that tracestate has no room for is named as lost', async t => {
  const losses = (trace: string, emit: string) =>
    explained(t, inSw8(trace), '', emit).losses.get('orders')?.join(' | ') ?? ''
  const lost = /^w3c loses .*the trace id as SkyWalking wrote it/
  t.match(losses('注'.repeat(40), '[w3c]'), lost)
  t.notMatch(losses('注'.repeat(10), '[w3c]'), lost)
  t.notMatch(losses('注'.repeat(40), '[sw8]'), /SkyWalking wrote/)
})
