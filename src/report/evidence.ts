// What an exchange keeps of itself on a route that captures, until it is over. Bounded; nothing is redacted yet, so
// nothing of it may be shown.
import type { CaptureRule } from '../rules/rules.ts'

/** The first bytes of a body, as they go by. */
export type FirstBytes = {
  readonly take: (chunk: Buffer) => void
  readonly bytes: () => Buffer
  /** Of the whole body, so far. */
  readonly total: () => number
}

export type Evidence = {
  /** Name and value pairs, flat, as they came. */
  readonly asked: readonly string[]
  /** Of the answer, as sent. */
  answered: readonly string[]
  /** Undefined where bodies are not wanted. */
  readonly question: FirstBytes | undefined
  readonly answer: FirstBytes | undefined
  /** The whole body of the request went by. */
  complete: boolean
}

export function createEvidence({ body }: CaptureRule, asked: readonly string[], hasBody: boolean): Evidence {
  return {
    asked,
    answered: [],
    question: body > 0 && hasBody ? createFirstBytes(body) : undefined,
    answer: body > 0 ? createFirstBytes(body) : undefined,
    complete: false
  }
}

/** Copies, so that no more than `limit` bytes stay in memory for it. */
export function createFirstBytes(limit: number): FirstBytes {
  const chunks: Buffer[] = []
  let kept = 0
  let total = 0
  return {
    take: chunk => {
      total += chunk.length
      if (kept === limit) return
      const first = Buffer.from(chunk.subarray(0, limit - kept))
      kept += first.length
      chunks.push(first)
    },
    bytes: () => Buffer.concat(chunks),
    total: () => total
  }
}
