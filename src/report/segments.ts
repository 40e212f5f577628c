// The place of a request's spans in SkyWalking, told exactly as the sw8 told it that went out: else the span that the
// service behind names is one that nobody reported. It decides nothing about spans.
import { sw8 } from '../dialects/sw8.ts'
import type { Segment, SegmentParent } from '../exporters/exporter.ts'
import type { Mediation } from '../mediate/mediate.ts'
import type { TraceContext } from '../trace/context.ts'
import { endpointOf, peerOf } from '../trace/hop.ts'
import { skywalkingSpanId } from '../trace/identity.ts'
import type { AttemptOutcome, Outcome } from './outcome.ts'

/** That of the server span; undefined where nobody is told of segments. */
export function segmentOf({ method, route }: Outcome, { segmentId, span }: Mediation): Segment | undefined {
  if (segmentId === '') return undefined
  return {
    id: segmentId,
    index: 0,
    traceId: sw8.traceIdText(span),
    endpoint: endpointOf(method, route?.template),
    peer: '',
    parent: parentOf(span),
    skipAnalysis: span.residue?.get('sw8.skip') === '1'
  }
}

/** That of an attempt; `number` counts them from 1. */
export function attemptSegment(
  segment: Segment | undefined,
  { target }: AttemptOutcome,
  number: number
): Segment | undefined {
  return segment && { ...segment, index: number, peer: peerOf(target), parent: undefined }
}

/**
 * The caller's place, if it is the very span that the server span hangs on: what tracestate carried may be of an
 * ancestor, and is never whole enough to refer to.
 */
function parentOf({ parentId, residue }: TraceContext): SegmentParent | undefined {
  const segmentId = residue?.get('sw8.segment')
  const service = residue?.get('sw8.service')
  if (residue === undefined || segmentId === undefined || service === undefined) return undefined
  const index = Number(residue.get('sw8.index'))
  if (skywalkingSpanId(segmentId, index) !== parentId) return undefined
  return {
    traceId: residue.get('sw8.trace') ?? '',
    segmentId,
    index,
    service,
    instance: residue.get('sw8.instance') ?? '',
    endpoint: residue.get('sw8.endpoint') ?? '',
    peer: residue.get('sw8.peer') ?? ''
  }
}
