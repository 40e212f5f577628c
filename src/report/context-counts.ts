// What became of the trace contexts that arrived, by dialect, and what upstreams answer of those that they were sent.
import type { Mediation } from '../mediate/mediate.ts'
import type { Outcome } from './outcome.ts'
import { createCounter, type Family } from './series.ts'

export type ContextCounts = {
  /** Counts a finished request. */
  readonly request: (outcome: Outcome) => void
  readonly families: readonly Family[]
}

export function createContextCounts(): ContextCounts {
  const context = createCounter(
    'tracebridge_context',
    'Requests by the dialect that was followed and what became of the trace: continued, restarted, ignored, absent; and dialects that were malformed or in conflict.',
    ['dialect', 'outcome']
  )
  const malformed = createCounter(
    'tracebridge_malformed',
    'Trace headers that could not be read, by reason.',
    ['dialect', 'reason']
  )
  const conflicts = createCounter(
    'tracebridge_conflicts',
    'Pairs of dialects that named different traces in one request: the one followed, and one that was not.',
    ['winner', 'loser']
  )
  const answers = createCounter(
    'tracebridge_trace_answers',
    'Answers of upstreams that name a trace (traceresponse, Server-Timing): the same as they were sent, another, or malformed.',
    ['upstream', 'outcome']
  )

  function arrived({ arrival, trust, garbledBaggage }: Mediation): void {
    const { dialect, received } = arrival
    if (received.kind !== 'none' && dialect !== undefined) {
      context.add([
        dialect,
        trust === 'continue' ? 'continued' : trust === 'restart' ? 'restarted' : 'ignored'
      ])
    } else context.add(['none', 'absent'])
    for (const one of arrival.malformed) {
      context.add([one.dialect, 'malformed'])
      malformed.add([one.dialect, one.reason])
    }
    if (received.kind === 'context' && received.discarded !== undefined && dialect !== undefined) {
      malformed.add([dialect, received.discarded])
    }
    for (const name of garbledBaggage) malformed.add([name, 'baggage'])
    for (const conflict of arrival.conflicts) {
      context.add([conflict.dialect, 'conflict'])
      conflicts.add([dialect ?? 'none', conflict.dialect])
    }
  }

  return {
    request: ({ mediation, attempts, route }) => {
      for (const { answer } of attempts) {
        if (answer !== undefined) answers.add([route?.upstream.name ?? '', answer.outcome])
      }
      if (mediation !== undefined) arrived(mediation)
    },
    families: [context, malformed, conflicts, answers]
  }
}
