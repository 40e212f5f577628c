import t from 'tap'
import type { TraceContext } from '../../src/trace/context.ts'
import { traceIdInWidth } from '../../src/trace/width.ts'

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
