// One batch on its way: tries, and the waits between them. It does not know what is in the batch, and never throws.
import { setTimeout as sleep } from 'node:timers/promises'
import type { DropReason } from './counts.ts'
import type { Answer, Send } from './post.ts'

/** `bytes`: of all tries that were answered. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly body: Buffer; readonly bytes: number }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly why: string; readonly bytes: number }

/** When to try again; all times in milliseconds. */
export type Patience = {
  readonly tries: number
  /** No wait may end later than this after the first try began. */
  readonly retryForMs: number
  readonly now: () => number
  /** 0 up to, not including, 1. */
  readonly random: () => number
  /** Resolves after `ms`, or as soon as the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>
}

export const patience: Patience = {
  // As long as the OpenTelemetry Collector tries. What waits meanwhile is bounded by the queue, not by this.
  tries: 30,
  retryForMs: 300_000,
  now: () => performance.now(),
  random: Math.random,
  // Not referenced: spans alone do not keep a process alive, the pipeline's close() does.
  wait: (ms, signal) => sleep(ms, undefined, { ref: false, signal }).catch(() => {})
}

const firstBackoff = 1000
const longestBackoff = 30_000

/**
 * Ends at an answer that settles the batch, when patience does, or when the signal aborts (`shutdown`). `failing` is
 * told why from the second failed try on: one may be a hiccup, and patience lasts for minutes.
 */
export async function deliver(
  body: Buffer,
  contentType: string,
  send: Send,
  { tries, retryForMs, now, random, wait }: Patience,
  signal: AbortSignal,
  failing: (why: string) => void
): Promise<Outcome> {
  const giveUp = now() + retryForMs
  let bytes = 0
  for (let attempt = 1; ; attempt++) {
    const answer = await once(body, contentType, send)
    bytes += answer.bytes
    if (answer.kind === 'accepted') return { kind: 'accepted', body: answer.body, bytes }
    const { why } = answer
    if (answer.kind === 'refused') return { kind: 'dropped', reason: 'refused', why, bytes }
    // Full jitter, so that replicas which lost a collector together do not return to it together.
    const backoff = random() * Math.min(longestBackoff, firstBackoff * 2 ** (attempt - 1))
    const ms = answer.afterMs ?? backoff
    if (attempt >= tries || now() + ms > giveUp)
      return { kind: 'dropped', reason: 'retry_exhausted', why, bytes }
    if (attempt > 1) failing(why)
    await wait(ms, signal)
    if (signal.aborted) return { kind: 'dropped', reason: 'shutdown', why, bytes }
  }
}

async function once(body: Buffer, contentType: string, send: Send): Promise<Answer> {
  try {
    return await send(body, contentType)
  } catch {
    return { kind: 'refused', why: 'send failed', bytes: 0 }
  }
}
