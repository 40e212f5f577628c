// What is kept after all: a request is judged when it is over, whatever was decided when it began. What went
// downstream stays as it was, so of such a trace this gateway alone has spans. Must not know how spans are made.
import { isSampled } from '../mediate/mediate.ts'
import type { KeepBudgets } from '../rules/rules.ts'
import { isServerError } from './grpc.ts'
import { type AttemptOutcome, answeredAfter, type Outcome } from './outcome.ts'

/** Why a request is kept though its trace was dropped. */
export type Late = 'error' | 'slow'

export type Judgement = {
  /** `over_budget` is dropped though it failed or was slow: there were too many. */
  readonly outcome: 'kept' | 'dropped' | 'over_budget'
  /** `tracebridge.sampling.reason`. */
  readonly reason: string
  /** It is kept for this alone; undefined where the trace was kept from the start, or is not. */
  readonly late: Late | undefined
  /** It failed or was slow: the last to be let go. */
  readonly urgent: boolean
}

/** The failure of a caller that left: its own doing, as a 4xx is. */
export const callerGone = 'CALLER_GONE'

/** Whether it is an error of ours or of an upstream; an answer that began well and was cut short is one too. */
export function hasFailed({ status, failure, attempts }: Outcome): boolean {
  if (isServerError(attempts[attempts.length - 1]?.grpc)) return true
  return status >= 500 || (status < 400 && failure !== undefined && failure !== callerGone)
}

/** Whether one try at an upstream was an error of its own: 500 or more, none, broken off, or one by gRPC. */
export function attemptFailed({ status, failureStatus, grpc }: AttemptOutcome): boolean {
  return (failureStatus ?? status ?? 0) >= 500 || isServerError(grpc)
}

/** Undefined where there is nothing to judge: no trace was touched, or the gateway is in none. */
export function judge(outcome: Outcome, budgets: KeepBudgets): Judgement | undefined {
  const { mediation, route } = outcome
  if (mediation === undefined || !mediation.reports) return undefined
  const failed = hasFailed(outcome)
  const threshold = route?.slowerThanMs
  const slow = threshold !== undefined && answeredAfter(outcome) >= threshold
  const urgent = failed || slow
  const { why } = mediation
  if (isSampled(mediation.span)) return { outcome: 'kept', reason: why, late: undefined, urgent }
  const keepable = urgent && threshold !== undefined
  if (!keepable) return { outcome: 'dropped', reason: why, late: undefined, urgent }
  if (failed && budgets.errors()) return { outcome: 'kept', reason: 'error', late: 'error', urgent }
  if (slow && budgets.slow()) return { outcome: 'kept', reason: 'slow', late: 'slow', urgent }
  return { outcome: 'over_budget', reason: failed ? 'error' : 'slow', late: undefined, urgent }
}
