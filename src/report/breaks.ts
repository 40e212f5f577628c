// Where a trace broke: what a caller sent, or an upstream answered, that is not one whole trace. Counts only; who is to
// blame people decide.
import type { TraceAnswer } from '../mediate/answer.ts'
import type { Mediation } from '../mediate/mediate.ts'
import { countBreak, type Stretch } from './flow.ts'

/** Counts how the trace of a request arrived. */
export function countArrival(stretch: Stretch, { arrival, trust }: Mediation): void {
  const { dialect, received, malformed, conflicts } = arrival
  if (received.kind === 'context' || received.kind === 'trace') {
    stretch.carried++
    if (trust === 'restart') countBreak(stretch, 'restarted')
    else if (trust === 'ignore') countBreak(stretch, 'ignored')
  } else if (received.kind === 'none' && malformed.length === 0) stretch.absent++
  for (const one of malformed) countBreak(stretch, `malformed ${one.dialect}: ${one.reason}`)
  for (const { dialect: loser } of conflicts) countBreak(stretch, `conflict: ${dialect} and ${loser}`)
}

/** Counts what an upstream says of the trace that it was sent. */
export function countAnswer(stretch: Stretch, answer: TraceAnswer | undefined): void {
  if (answer === undefined || answer.outcome === 'same') return
  countBreak(stretch, answer.outcome === 'other' ? 'answer: another trace' : 'answer: malformed')
}

/**
 * Whether a caller is known to send a trace, so that a request without one has lost it. One that is known by name is
 * one program, and has sent a trace once; a class is many programs, half of whose requests must have had one.
 */
export function isKnownToSend(
  { carried, absent }: Pick<Stretch, 'carried' | 'absent'>,
  named: boolean
): boolean {
  return carried > 0 && (named || carried >= absent)
}
