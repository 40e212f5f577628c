// The way of spans to one back end: a bounded queue, batches, and an account of every span.
// A request calls record() and nothing else here: it must not wait, throw, or cost more than a queue's push.
import type { Exporter, Resource, Span } from '../exporters/exporter.ts'
import type { Counts, DropReason } from './counts.ts'
import { deliver, type Outcome, type Patience, patience } from './deliver.ts'
import type { Log } from './log.ts'
import type { Send } from './post.ts'
import { Ring, weigh } from './ring.ts'

export type Limits = {
  /** Spans held at most, waiting and on their way together. */
  readonly capacity: number
  /** The same in bytes, roughly. */
  readonly capacityBytes: number
  /** Spans in one body. */
  readonly batch: number
  /** A span waits this long for company. */
  readonly intervalMs: number
  /** Batches on their way at once, waits between tries included: a back end that is down is asked no more often. */
  readonly concurrency: number
  /** Uncompressed. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request asks for 64 MiB. */
  readonly bodyLimit: number
  readonly patience: Partial<Patience>
}

const limits: Limits = {
  capacity: 8192,
  capacityBytes: 16 * 1024 * 1024,
  batch: 256,
  intervalMs: 1000,
  concurrency: 2,
  bodyLimit: 64 * 1024 * 1024,
  patience: {}
}

export type PipelineOptions = Partial<Limits> & {
  readonly name: string
  readonly exporter: Exporter
  readonly resource: Resource
  readonly send: Send
  readonly log?: Log
}

export class Pipeline {
  readonly #options: PipelineOptions & Limits
  readonly #patience: Patience
  readonly #batch: number
  readonly #queue: Ring
  readonly #dropped = new Map<DropReason, number>()
  readonly #end = new AbortController()
  #recorded = 0
  #exported = 0
  #rejected = 0
  #bytes = 0
  #batches = 0
  // On their way: batches, the spans in them, and their weight.
  #slots = 0
  #flying = 0
  #flyingWeight = 0
  #timer: NodeJS.Timeout | undefined
  #due = false
  #pumping = false
  #well = true
  #closing = false
  #closed: Promise<void> | undefined
  #emptied: (() => void) | undefined

  constructor(options: PipelineOptions) {
    this.#options = { ...limits, ...options }
    this.#patience = { ...patience, ...this.#options.patience }
    this.#batch = Math.min(this.#options.batch, this.#options.capacity)
    this.#queue = new Ring(this.#options.capacity)
  }

  /** Takes a span; where there is no room, the oldest that waits makes way for it. */
  record(span: Span): void {
    this.#recorded++
    if (this.#closing) this.#drop('shutdown', 1)
    else this.#enqueue(span)
  }

  #enqueue(span: Span): void {
    const weight = weigh(span)
    while (!this.#fits(weight) && this.#queue.shift() !== undefined) this.#drop('queue_full', 1)
    if (this.#fits(weight)) this.#queue.push(span, weight)
    else this.#drop('queue_full', 1)
    if (this.#queue.size >= this.#batch) this.#pumpSoon()
    else this.#arm()
  }

  counts(): Counts {
    return {
      recorded: this.#recorded,
      exported: this.#exported,
      rejected: this.#rejected,
      dropped: new Map(this.#dropped),
      queued: this.#queue.size + this.#flying,
      bytes: this.#bytes,
      batches: this.#batches
    }
  }

  /**
   * Sends what is there, for `deadlineMs` at most, and drops the rest. Always resolves; asked twice, at the
   * earlier deadline.
   */
  close(deadlineMs = 5000): Promise<void> {
    this.#closed ??= this.#drain()
    const deadline = setTimeout(() => this.#emptied?.(), deadlineMs)
    return this.#closed.finally(() => clearTimeout(deadline))
  }

  async #drain(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#timer)
    this.#pump()
    if (this.#queue.size + this.#flying > 0) {
      await new Promise<void>(resolve => {
        this.#emptied = resolve
      })
    }
    this.#end.abort()
    const left = this.#queue.size + this.#flying
    if (left > 0) {
      this.#drop('shutdown', left)
      this.#options.log?.warn('spans were lost at the end', { exporter: this.#options.name, spans: left })
    }
    while (this.#queue.shift() !== undefined);
    this.#flying = 0
  }

  #fits(weight: number): boolean {
    return (
      this.#queue.size + this.#flying < this.#options.capacity &&
      this.#queue.weight + this.#flyingWeight + weight <= this.#options.capacityBytes
    )
  }

  #drop(reason: DropReason, spans: number): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + spans)
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#due = this.#queue.size > 0
      this.#pump()
    }, this.#options.intervalMs).unref()
  }

  // Not at once: record() runs within a request, and encoding a batch takes half a millisecond.
  #pumpSoon(): void {
    if (this.#pumping || this.#slots >= this.#options.concurrency) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#slots < this.#options.concurrency && this.#queue.size > 0) {
      if (this.#queue.size < this.#batch && !this.#due && !this.#closing) {
        this.#arm()
        return
      }
      if (this.#queue.size <= this.#batch) this.#due = false
      void this.#dispatch()
    }
  }

  async #dispatch(): Promise<void> {
    const before = this.#queue.weight
    const spans: Span[] = []
    while (spans.length < this.#batch) {
      const span = this.#queue.shift()
      if (span === undefined) break
      spans.push(span)
    }
    const number = spans.length
    const weight = before - this.#queue.weight
    this.#slots++
    this.#flying += number
    this.#flyingWeight += weight
    const outcome = await this.#deliver(spans)
    if (this.#end.signal.aborted) return
    this.#slots--
    this.#flying -= number
    this.#flyingWeight -= weight
    this.#settle(number, outcome)
    this.#pump()
    if (this.#queue.size + this.#flying === 0) this.#emptied?.()
  }

  #deliver(spans: readonly Span[]): Promise<Outcome> | Outcome {
    const { encode, contentType } = this.#options.exporter
    let body: Buffer
    try {
      body = encode(spans, this.#options.resource)
    } catch {
      return { kind: 'dropped', reason: 'encode', why: 'encode', bytes: 0 }
    }
    if (body.length > this.#options.bodyLimit)
      return { kind: 'dropped', reason: 'too_large', why: 'size', bytes: 0 }
    const failing = (why: string) => this.#ail('retrying', why)
    return deliver(body, contentType, this.#options.send, this.#patience, this.#end.signal, failing)
  }

  /** Said once, until spans get out again. */
  #ail(reason: string, why: string): void {
    if (this.#well)
      this.#options.log?.warn('spans do not get out', { exporter: this.#options.name, reason, why })
    this.#well = false
  }

  #settle(number: number, outcome: Outcome): void {
    this.#bytes += outcome.bytes
    if (outcome.kind === 'dropped') {
      this.#drop(outcome.reason, number)
      this.#ail(outcome.reason, outcome.why)
      return
    }
    const rejected = Math.min(this.#options.exporter.rejected?.(outcome.body) ?? 0, number)
    this.#rejected += rejected
    this.#exported += number - rejected
    this.#batches++
    if (!this.#well) this.#options.log?.info('spans get out again', { exporter: this.#options.name })
    this.#well = true
  }
}
