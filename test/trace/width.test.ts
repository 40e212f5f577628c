import t from 'tap'
import type { TraceContext } from '../../src/trace/context.ts'
import { isNarrow, sameTrace, traceIdInWidth } from '../../src/trace/width.ts'

const low = 'a3ce929d0e0e4736'
const context: TraceContext = {
  traceId: low.padStart(32, '0'),
  spanId: '00f067aa0ba902b7',
  parentId: undefined,
  sampling: 'keep',
  bits: 64,
  random: false,
  tracestate: '',
  residue: undefined
}

t.test('an id goes on in the width that it came in', async t => {
  t.equal(traceIdInWidth(context), low)
  t.equal(traceIdInWidth({ ...context, bits: 128 }), context.traceId)
})

t.test('no digit in use is ever cut', async t => {
  const traceId = `1${context.traceId.slice(1)}`
  t.equal(traceIdInWidth({ ...context, traceId }), traceId)
})

t.test('the low half of an id is the same trace, the same low half of two wide ids is not', async t => {
  const wide = `1${context.traceId.slice(1)}`
  t.equal(sameTrace(wide, context.traceId), true)
  t.equal(sameTrace(context.traceId, wide), true)
  t.equal(sameTrace(wide, `2${wide.slice(1)}`), false)
  t.equal(sameTrace(context.traceId, context.traceId.replace('a', 'b')), false)
  t.strictSame([isNarrow(context.traceId), isNarrow(wide)], [true, false])
})
