// What is left of a context after gateways and wires, worked out from what each dialect says that it carries: the
// expectation of tests that send one through, made without any codec.
import type { Dialect } from '../src/dialects/dialect.ts'
import type { Received, Sampling } from '../src/trace/context.ts'

/** Of tracestate: somebody else's. */
export const member = 'vendor=of-theirs'

/** Of the gateways on the way. */
export type Mode = 'none' | 'report'

/** What is left on the way: a trace, a decision alone, or nothing. */
export type Left = {
  readonly kind: 'context' | 'decision' | 'none'
  readonly sampling: Sampling
  /** Undefined where the trace began anew on the way. */
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  readonly parentId: string | undefined
  readonly bits: 64 | 128
  readonly random: boolean
  readonly tracestate: boolean
}

const nothing: Left = {
  kind: 'none',
  sampling: 'defer',
  traceId: undefined,
  spanId: undefined,
  parentId: undefined,
  bits: 128,
  random: true,
  tracestate: false
}

export function leftOf(received: Received): Left {
  if (received.kind === 'decision') return { ...nothing, kind: 'decision', sampling: received.sampling }
  if (received.kind !== 'context') return nothing
  const { tracestate, ...context } = received.context
  return { ...context, kind: 'context', tracestate: tracestate.includes(member) }
}

/** What one gateway, which keeps everything that nobody decided, leaves on a wire. */
export function sent(left: Left, { carries, injectDecision }: Dialect, mode: Mode): Left {
  const lone = left.kind === 'decision' && mode === 'none' && injectDecision !== undefined
  // A trace that begins at a gateway is decided there; what one passes through is, where the wire has no word for open.
  const decides = mode === 'report' || left.kind === 'none' || carries.sampling.defer !== 'defer'
  const wish = left.sampling === 'defer' && decides && !lone ? 'keep' : left.sampling
  const sampling = carries.sampling[wish]
  if (lone) return { ...nothing, kind: 'decision', sampling }
  if (sampling === 'drop' && carries.dropped === 'nothing') return nothing
  if (sampling === 'drop' && carries.dropped === 'decision') return { ...nothing, kind: 'decision', sampling }
  const narrow = carries.traceIdBits === 64
  // Our own span is what goes on where we report; nobody can know its id beforehand.
  const own = mode === 'report'
  return {
    kind: 'context',
    sampling,
    traceId: narrow ? left.traceId?.slice(16).padStart(32, '0') : left.traceId,
    spanId: own || carries.spanId === 'never' ? undefined : left.spanId,
    parentId: !own && (carries.parentId || carries.spanId === 'transparent') ? left.parentId : undefined,
    bits: narrow ? 64 : carries.width ? left.bits : 128,
    random: carries.random && left.random,
    tracestate: carries.tracestate && left.tracestate
  }
}

/** In one line, with what `by` knows beforehand. */
export function told(left: Left, by: Left): string {
  const traceId = by.traceId === undefined ? 'new' : left.traceId
  const spanId = by.spanId === undefined ? 'some' : left.spanId
  const parentId = by.spanId === undefined ? 'some' : left.parentId
  // A wire that shows the width by the zeros alone says 64 of every id that has them.
  const zeros = left.traceId?.startsWith('0'.repeat(16)) === true
  const bits = zeros ? by.bits : left.bits
  const ids = left.kind === 'context' ? `${traceId}/${spanId}/${parentId} ${bits}` : ''
  return `${left.kind} ${left.sampling} ${ids} ${left.random ? 'random' : ''} ${left.tracestate ? 'tracestate' : ''}`
}
