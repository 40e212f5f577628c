// Whether the far agent continues what the near one began. Ids are compared as values: agents trim and pad zeros.
import { skywalkingSpanId } from '../../src/trace/identity.ts'
import type { Agent } from './agents.ts'

/** A span, as its library names it: by an id, or by a segment and the place in it. */
export type Place =
  | { readonly traceId: string; readonly spanId: string }
  | { readonly traceId: string; readonly segment: string; readonly index: number }

/** What an agent continued. */
export type Seen = { readonly traceId: string; readonly sampled: boolean } & (
  | { readonly parentId: string }
  | { readonly segment: string; readonly index: number }
)

/** What the near agent says of one call; `context` is null when it handed nothing on, `answer` is the far one's. */
export type Told = { readonly context: Place | null; readonly answer: Seen | null }

/** Why there is no answer: the far agent, or the gateway, failed. */
export type Failed = { readonly error: string }

export type Wish = 'keep' | 'drop'

/** `report`: the gateway is in the trace. `none`: a transparent hop. */
export type Spans = 'report' | 'none'

export type Call = {
  readonly near: Agent
  readonly far: Agent
  readonly wish: Wish
  readonly spans: Spans
  readonly told: Told | Failed
}

/** A span that the gateway exported. */
export type Reported = {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | null
  readonly kind: string
}

/** What is wrong with a call; undefined when it is whole. */
export function judge(
  { near, far, wish, spans, told }: Call,
  reported: readonly Reported[]
): string | undefined {
  if ('error' in told) return told.error
  const { context, answer } = told
  // SkyWalking cannot be told "not sampled", so it is told nothing.
  if (context !== null && wish === 'drop' && far.emit.includes('sw8')) {
    return answer === null ? undefined : 'a dropped trace was continued'
  }
  if (answer === null) return 'nothing was continued'
  // What nobody began the gateway begins, and whoever is behind it goes on with that.
  if (context === null) return answer.sampled ? undefined : 'a trace that begins here is kept, and was not'
  const traceId = padded(context.traceId, 32)
  const half = far.narrow ? 16 : 0
  if (padded(answer.traceId, 32).slice(half) !== traceId.slice(half))
    return `trace ${answer.traceId} instead of ${context.traceId}`
  if (answer.sampled !== (wish === 'keep')) return `${wish} became ${answer.sampled ? 'keep' : 'drop'}`
  if (far.width && answer.traceId.length > 16 !== near.digits > 16)
    return `${answer.traceId} is of another width`
  const parentId = parentOf(answer)
  const spanId = spanOf(context)
  if (spans === 'none') return parentId === spanId ? undefined : `parent ${parentId} instead of ${spanId}`
  if (parentId === spanId) return 'the gateway is not in the trace'
  // What is dropped is not exported, and only the ids can be compared.
  if (wish === 'drop') return undefined
  const client = reported.find(span => span.spanId === parentId && span.traceId === traceId)
  if (client?.kind !== 'client') return `parent ${parentId} is no span of the gateway`
  const server = reported.find(span => span.spanId === client.parentId && span.traceId === traceId)
  return server?.parentId === spanId
    ? undefined
    : `the gateway hangs on ${server?.parentId}, not on ${spanId}`
}

function parentOf(seen: Seen): string {
  return 'parentId' in seen ? padded(seen.parentId, 16) : skywalkingSpanId(seen.segment, seen.index)
}

function spanOf(place: Place): string {
  return 'spanId' in place ? padded(place.spanId, 16) : skywalkingSpanId(place.segment, place.index)
}

function padded(id: string, digits: 16 | 32): string {
  return id.toLowerCase().padStart(digits, '0')
}
