import fc from 'fast-check'
import t from 'tap'
import { answered, phraseOf, respondWith } from '../../src/proxy/respond.ts'
import type { TraceContext } from '../../src/trace/context.ts'

const span: TraceContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentId: undefined,
  sampling: 'keep',
  bits: 128,
  random: true,
  tracestate: '',
  residue: undefined
}

t.test('fields go on in order, case and number', async t => {
  t.strictSame(answered(['Set-Cookie', 'a=\xe9', 'X-A', '', 'set-cookie', 'b'], 200), [
    ...['Set-Cookie', 'a=\xe9', 'X-A', '', 'set-cookie', 'b']
  ])
  t.strictSame(answered([], 200), [], 'no fields are no fields')
})

t.test('fields of the upstream’s connection end here', async t => {
  const fields = [
    ...[
      'Connection',
      'x-hop, content-length',
      'X-Hop',
      '1',
      'Keep-Alive',
      'timeout=5',
      'Content-Length',
      '2'
    ],
    ...['Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'X-Stays', '1']
  ]
  t.strictSame(answered(fields, 200), ['Content-Length', '2', 'X-Stays', '1'])
  t.strictSame(answered(fields, 204), ['X-Stays', '1'], 'and no caller waits for a body where there is none')
})

t.test('a reason phrase is handed on when it can be written', async t => {
  t.equal(phraseOf('Not Quite'), 'Not Quite')
  t.equal(phraseOf(''), '')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), text => {
      const phrase = phraseOf(text)
      return phrase === '' || (phrase === text && /^[\t\x20-\x7e]{1,256}$/.test(phrase))
    })
  )
})

t.test('the span is told in the form of each field', async t => {
  const out = ['X-A', '1']
  respondWith(['server-timing', 'traceresponse'], span, out)
  const value = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03'
  t.strictSame(out, [
    ...['X-A', '1'],
    ...['Server-Timing', `trace;desc=${value}, traceparent;desc="${value}"`],
    ...['traceresponse', value]
  ])
})

t.test('flags tell what was decided', async t => {
  for (const [sampling, random, flags] of [
    ['keep', false, '01'],
    ['debug', true, '03'],
    ['drop', true, '02'],
    ['drop', false, '00'],
    ['defer', false, '00']
  ] as const) {
    const out: string[] = []
    respondWith(['traceresponse'], { ...span, sampling, random }, out)
    t.equal(out[1]?.slice(-2), flags)
  }
})

t.test('the gateway’s traceresponse takes the place of the upstream’s, its timing joins in', async t => {
  const out = ['TraceResponse', 'theirs', 'Server-Timing', 'db;dur=3']
  respondWith(['traceresponse', 'server-timing'], span, out)
  t.strictSame(
    out.filter((_, i) => i % 2 === 0),
    ['Server-Timing', 'traceresponse', 'Server-Timing']
  )
  const untold = ['TraceResponse', 'theirs']
  respondWith([], span, untold)
  t.strictSame(untold, ['TraceResponse', 'theirs'])
})
