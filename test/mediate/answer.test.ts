import fc from 'fast-check'
import t from 'tap'
import { type AnswerFields, answerOf, readAnswer } from '../../src/mediate/answer.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { expected, reasonOf, seen } from '../dialects/reading.ts'
import { type Headers, type Reading, vectors } from '../vectors/vectors.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const value = `00-${traceId}-${spanId}-01`
const elsewhere = `00-${'c'.repeat(32)}-${spanId}-01`

const span: TraceContext = {
  traceId,
  spanId: 'b7ad6b7169203331',
  parentId: undefined,
  sampling: 'keep',
  bits: 128,
  random: false,
  tracestate: '',
  residue: undefined
}

/** As undici gives them: lines of one name in a list, one alone as it is. */
function fieldsOf(headers: Headers): AnswerFields {
  const lines = (name: string) => {
    const values = headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
    return values.length > 1 ? values : values[0]
  }
  return { traceresponse: lines('traceresponse'), 'server-timing': lines('server-timing') }
}

for (const vector of vectors<Reading>('traceresponse')) {
  t.test(`reads ${vector.name}`, async t => {
    const { via, received } = readAnswer(fieldsOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind !== 'context') return
    t.equal(via, extra['via'])
    t.equal(received.context.random, extra['random'])
  })
}

const timing = (...lines: readonly string[]): AnswerFields => ({ 'server-timing': lines })
const traceIn = (fields: AnswerFields) => {
  const { received } = readAnswer(fields)
  return received.kind === 'context' ? received.context.traceId : reasonOf(received)
}

t.test('of several forms the first that can be read counts', async t => {
  const all = {
    traceresponse: value,
    'server-timing': `traceparent;desc="${elsewhere}", trace;desc=${value}`
  }
  t.equal(readAnswer(all).via, 'traceresponse')
  t.equal(readAnswer({ ...all, traceresponse: 'x' }).via, 'server-timing:trace')
  t.equal(readAnswer({ ...all, traceresponse: [value, value] }).via, 'server-timing:trace')
  t.equal(traceIn({ traceresponse: 'x', 'server-timing': 'trace;desc=y' }), 'bad-format')
  t.equal(readAnswer({ traceresponse: 'x', 'server-timing': 'db;dur=1' }).via, 'traceresponse')
})

t.test('each hop adds its metric behind those further in: the last one is the upstream’s own', async t => {
  t.equal(traceIn(timing(`trace;desc=${elsewhere}`, `trace;desc=${value}`)), traceId)
  t.equal(traceIn(timing(`trace;desc=${elsewhere}, TRACE ; dur=1 ; Desc = "${value}"`)), traceId)
})

t.test('two in one line are none', async t => {
  t.equal(traceIn({ traceresponse: `${value}, ${value}` }), 'multiple')
  t.equal(traceIn({ traceresponse: `${value},${value}` }), 'multiple')
})

t.test('what stands in quotes is text, escapes in it undone', async t => {
  t.equal(traceIn(timing(`cache;desc="x, trace;desc=${value}"`)), 'absent')
  t.equal(
    traceIn(timing(`cache;desc="a\\", trace;desc=${value}", trace;desc="\\0${value.slice(1)}"`)),
    traceId
  )
  t.equal(traceIn(timing(`trace;desc="${value}`)), 'bad-format', 'an open quote')
  t.equal(traceIn(timing('trace;desc="')), 'bad-format')
  t.equal(traceIn(timing('trace;desc=')), 'bad-format')
  t.equal(traceIn(timing('trace;desc')), 'absent')
  t.equal(traceIn(timing(`tracer;desc=${value}, my-trace;desc=${value}, __proto__;desc=${value}`)), 'absent')
})

t.test('a list that is too long is not read', async t => {
  t.equal(traceIn(timing(`${'x;dur=1, '.repeat(1_000)}trace;desc=${value}`)), 'absent')
})

t.test('an answer is of the same trace, of another, or garbled; silence is none of them', async t => {
  t.strictSame(answerOf({ traceresponse: value }, span), { outcome: 'same', spanId })
  t.strictSame(answerOf({ traceresponse: elsewhere }, span), { outcome: 'other', spanId: undefined })
  t.strictSame(answerOf({ traceresponse: 'x' }, span), { outcome: 'malformed', spanId: undefined })
  t.equal(answerOf({}, span), undefined)
  t.equal(answerOf({ 'server-timing': 'db;dur=53' }, span), undefined)
})

t.test('who was told half of a trace id answers with that half', async t => {
  const half = `00-${'0'.repeat(16)}${traceId.slice(16)}-${spanId}-01`
  t.strictSame(answerOf({ traceresponse: half }, span), { outcome: 'same', spanId })
})

t.test('any bytes are a value', async t => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(fc.constantFrom('trace', ';', 'desc', '=', '"', '\\', ',', ' ', value), { maxLength: 12 })
      .map(parts => parts.join(''))
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 3 }), fc.option(line, { nil: undefined }), (lines, alone) => {
      const answer = answerOf({ 'server-timing': lines, traceresponse: alone }, span)
      if (answer?.spanId !== undefined && !/^[0-9a-f]{16}$/.test(answer.spanId)) throw new Error('span id')
    })
  )
  t.pass('and no exception')
})
