// Watches a request go by on a route that captures. It neither starts, slows nor changes what flows.
import { createEvidence, type Evidence } from '../report/evidence.ts'
import type { CaptureRule } from '../rules/rules.ts'
import type { Question } from './sides.ts'
import { hasBody } from './target.ts'

/** Keeps what a replay needs, from before anybody reads the body. */
export function witness(rule: CaptureRule, request: Question): Evidence {
  const evidence = createEvidence(rule, request.rawHeaders, hasBody(request))
  const take = evidence.question?.take
  if (take === undefined) return evidence
  // A listener alone would start the flow, ahead of whoever sends the body on.
  request.pause()
  request.on('data', take)
  request.once('end', () => {
    evidence.complete = true
  })
  return evidence
}
