// The way of spans to one back end: a bounded queue, batches, and an account of every span.
// A request calls record() and nothing else here: it must not wait, throw, or cost more than a queue's push.
import type { Exporter, Resource, Span } from '../exporters/exporter.ts'
import type { Counts, DropReason } from './counts.ts'
import { type Batch, Delivery, type Outcome, patience } from './delivery.ts'
import type { Log } from './log.ts'
import { type Limits, limits } from './pipeline-limits.ts'
import type { Send } from './post.ts'
import { Queue } from './queue.ts'

/** How long the last spans may take at the end, unless who closes says otherwise. The chart counts on it. */
export const closeLimitMs = 5000

export type PipelineOptions = Partial<Limits> & {
  readonly name: string
  readonly exporter: Exporter
  readonly resource: Resource
  readonly send: Send
  readonly log?: Log
}

export class Pipeline {
  readonly #options: PipelineOptions & Limits
  readonly #batch: number
  readonly #queue: Queue
  readonly #delivery: Delivery
  readonly #dropped = new Map<DropReason, number>()
  #recorded = 0
  #exported = 0
  #rejected = 0
  #bytes = 0
  #batches = 0
  #timer: NodeJS.Timeout | undefined
  #due = false
  #pumping = false
  #well = true
  #shedding = false
  #closing = false
  #ended = false
  #closed: Promise<void> | undefined
  #emptied: (() => void) | undefined

  constructor(options: PipelineOptions) {
    this.#options = { ...limits, ...options }
    const { batch, capacity, capacityBytes, exporter, send, concurrency } = this.#options
    this.#batch = Math.min(batch, capacity)
    this.#queue = new Queue({ spans: capacity, bytes: capacityBytes })
    this.#delivery = new Delivery({
      send,
      contentType: exporter.contentType,
      concurrency,
      patience: { ...patience, ...this.#options.patience },
      onFailing: why => this.#ail('retrying', why),
      onSettled: (one, outcome) => this.#settle(one, outcome),
      onFree: () => this.#pumpSoon()
    })
  }

  /**
   * Takes the spans of one request, which stay together. Where there is no room, the oldest ordinary ones make way,
   * and for `urgent` ones at last the oldest urgent ones.
   */
  record(spans: readonly Span[], urgent: boolean): void {
    if (spans.length === 0) return
    this.#recorded += spans.length
    if (this.#closing) {
      this.#drop('shutdown', spans.length)
      return
    }
    if (this.#shedding) {
      this.#drop('overload', spans.length)
      return
    }
    this.#drop('queue_full', this.#queue.push(spans, urgent))
    if (this.#queue.spans >= this.#batch) this.#pumpSoon()
    else this.#arm()
  }

  /** Lets all go that waits, and takes no more until told otherwise. What is on its way goes on. */
  shed(on: boolean): void {
    this.#shedding = on
    if (on) this.#drop('overload', this.#queue.drop())
    this.#emptiedMaybe()
  }

  counts(): Counts {
    return {
      recorded: this.#recorded,
      exported: this.#exported,
      rejected: this.#rejected,
      dropped: new Map(this.#dropped),
      queued: this.#queue.taken,
      queuedBytes: this.#queue.takenBytes,
      capacity: this.#ended ? 0 : this.#options.capacity,
      open: this.#delivery.open,
      bytes: this.#bytes,
      batches: this.#batches
    }
  }

  /**
   * Sends what is there, for `deadlineMs` at most, and drops the rest. Always resolves; asked twice, at the
   * earlier deadline.
   */
  close(deadlineMs = closeLimitMs): Promise<void> {
    this.#closed ??= this.#drain()
    const deadline = setTimeout(() => this.#emptied?.(), deadlineMs)
    return this.#closed.finally(() => clearTimeout(deadline))
  }

  async #drain(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#timer)
    this.#delivery.hurry()
    this.#pump()
    if (this.#queue.taken > 0) {
      await new Promise<void>(resolve => {
        this.#emptied = resolve
      })
    }
    this.#ended = true
    this.#delivery.end()
    const left = this.#queue.clear()
    this.#drop('shutdown', left)
    if (left > 0)
      this.#options.log?.warn('spans were lost at the end', { exporter: this.#options.name, spans: left })
  }

  #drop(reason: DropReason, spans: number): void {
    if (spans > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + spans)
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#due = this.#queue.spans > 0
      this.#pump()
    }, this.#options.intervalMs).unref()
  }

  // Not at once: record() runs within a request, and each turn of the event loop is to encode one batch at most.
  #pumpSoon(): void {
    if (this.#pumping || !this.#delivery.free) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#ended || this.#pumping || !this.#delivery.free || this.#queue.spans === 0) return
    if (this.#queue.spans < this.#batch && !this.#due && !this.#closing) {
      this.#arm()
      return
    }
    if (this.#queue.spans <= this.#batch) this.#due = false
    this.#dispatch()
    if (this.#queue.spans > 0) this.#pumpSoon()
  }

  #dispatch(): void {
    const spans = this.#queue.take(this.#batch)
    const body = this.#encode(spans)
    if (typeof body === 'string') {
      this.#drop(body, spans.length)
      this.#ail(body, body)
      this.#emptiedMaybe()
      return
    }
    this.#queue.hold(spans.length, body.length)
    this.#delivery.give({ body, spans: spans.length })
  }

  #encode(spans: readonly Span[]): Buffer | 'encode' | 'too_large' {
    const { exporter, resource, bodyLimit } = this.#options
    try {
      const body = exporter.encode(spans, resource)
      return body.length > bodyLimit ? 'too_large' : body
    } catch {
      return 'encode'
    }
  }

  #emptiedMaybe(): void {
    if (this.#queue.taken === 0) this.#emptied?.()
  }

  /** Said once, until spans get out again. */
  #ail(reason: string, why: string): void {
    if (this.#well)
      this.#options.log?.warn('spans do not get out', { exporter: this.#options.name, reason, why })
    this.#well = false
  }

  #settle({ spans, body }: Batch, outcome: Outcome): void {
    this.#queue.hold(-spans, -body.length)
    this.#bytes += outcome.bytes
    if (outcome.kind === 'dropped') {
      this.#drop(outcome.reason, spans)
      this.#ail(outcome.reason, outcome.why)
    } else {
      const rejected = Math.min(this.#options.exporter.rejected?.(outcome.body) ?? 0, spans)
      this.#rejected += rejected
      this.#exported += spans - rejected
      this.#batches++
      if (!this.#well) this.#options.log?.info('spans get out again', { exporter: this.#options.name })
      this.#well = true
    }
    this.#emptiedMaybe()
  }
}
