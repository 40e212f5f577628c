// Encoded batches on their way to one back end: tries, the pauses between them, and the circuit that opens when none
// gets through. It does not know what is in a batch, and never throws.
import { setTimeout as sleep } from 'node:timers/promises'
import type { DropReason } from './counts.ts'
import type { Answer, Send } from './post.ts'

export type Batch = { readonly body: Buffer; readonly spans: number }

/** `bytes`: of all tries that were answered. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly body: Buffer; readonly bytes: number }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly why: string; readonly bytes: number }

/** When to try again; all times in milliseconds. */
export type Patience = {
  /** Of one batch. */
  readonly tries: number
  /** No pause may end later than this after a batch's first try began. */
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

export type DeliveryOptions = {
  readonly send: Send
  readonly contentType: string
  /** Batches at once. */
  readonly concurrency: number
  readonly patience: Patience
  /** From the second failure in a row on: one may be a hiccup, and patience lasts for minutes. */
  readonly onFailing: (why: string) => void
  readonly onSettled: (batch: Batch, outcome: Outcome) => void
  /** There may be room for another batch: ask `free`. */
  readonly onFree: () => void
}

type Tried = Batch & { tries: number; bytes: number; giveUp: number }

const firstBackoff = 1000
const longestBackoff = 30_000
/** Failures in a row that open the circuit. */
const threshold = 5

export class Delivery {
  readonly #options: DeliveryOptions
  /** Aborts when nobody is interested any more. */
  readonly #end = new AbortController()
  /** Aborts when backoffs are over for good. */
  readonly #hurry = new AbortController()
  // Tried, and to be tried again: oldest first.
  readonly #again: Tried[] = []
  #underWay = 0
  #pauses = 0
  #failures = 0

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Nothing got through lately: one batch at a time probes, and nothing is encoded that would only wait. */
  get open(): boolean {
    return this.#failures >= threshold && !this.#end.signal.aborted
  }

  /** Whether a batch given now would be sent at once. */
  get free(): boolean {
    return this.#again.length === 0 && this.#ready
  }

  // Pauses are the back end's, not the batch's: one that is overloaded is not helped by other spans than these.
  get #ready(): boolean {
    return this.#pauses === 0 && this.#underWay < (this.open ? 1 : this.#options.concurrency)
  }

  /** Settles by an answer, when patience ends, or never after `end()`. */
  give({ body, spans }: Batch): void {
    const { now, retryForMs } = this.#options.patience
    void this.#try({ body, spans, tries: 0, bytes: 0, giveUp: now() + retryForMs })
  }

  /** No backoff is sat out from now on; what Retry-After asked for is, and what comes after one last try. */
  hurry(): void {
    this.#hurry.abort()
  }

  end(): void {
    this.#end.abort()
    this.#hurry.abort()
    this.#again.length = 0
  }

  async #try(batch: Tried): Promise<void> {
    this.#underWay++
    batch.tries++
    const answer = await this.#send(batch.body)
    if (this.#end.signal.aborted) return
    this.#underWay--
    batch.bytes += answer.bytes
    const outcome = this.#judge(batch, answer)
    if (outcome === undefined) this.#again.push(batch)
    else this.#options.onSettled(batch, outcome)
    this.#go()
  }

  /** Undefined when the batch is to be tried again. */
  #judge(batch: Tried, answer: Answer): Outcome | undefined {
    const { random, tries, now } = this.#options.patience
    const { bytes } = batch
    if (answer.kind === 'accepted') {
      this.#failures = 0
      return { kind: 'accepted', body: answer.body, bytes }
    }
    const { why } = answer
    this.#failures++
    // Full jitter, so that replicas which lost a collector together do not return to it together.
    const backoff = random() * Math.min(longestBackoff, firstBackoff * 2 ** (this.#failures - 1))
    if (answer.kind === 'refused') {
      // The next batch may please better, but the queue is not thrown away one refusal after the other.
      if (this.open) void this.#pause(backoff, this.#patient)
      return { kind: 'dropped', reason: 'refused', why, bytes }
    }
    const asked = answer.afterMs
    // A back end that says "at once" for ever is not asked without a pause for ever.
    const ms = asked === undefined || this.open ? Math.max(asked ?? 0, backoff) : asked
    void this.#pause(ms, asked === undefined ? this.#patient : this.#end.signal)
    if (batch.tries >= tries || now() + ms > batch.giveUp) {
      return { kind: 'dropped', reason: 'retry_exhausted', why, bytes }
    }
    if (this.#failures > 1) this.#options.onFailing(why)
    return undefined
  }

  /** What ends a backoff early. Who hurries already had the last try that this is good for. */
  get #patient(): AbortSignal {
    return this.#hurry.signal.aborted ? this.#end.signal : this.#hurry.signal
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    this.#pauses++
    await this.#options.patience.wait(ms, signal)
    this.#pauses--
    if (!this.#end.signal.aborted) this.#go()
  }

  #go(): void {
    while (this.#ready) {
      const batch = this.#again.shift()
      if (batch === undefined) break
      void this.#try(batch)
    }
    if (this.free) this.#options.onFree()
  }

  async #send(body: Buffer): Promise<Answer> {
    try {
      return await this.#options.send(body, this.#options.contentType)
    } catch {
      return { kind: 'refused', why: 'send failed', bytes: 0 }
    }
  }
}
