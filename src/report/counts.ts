// What became of the spans given to an exporter. The sum always closes:
// recorded = exported + rejected + dropped + queued.

/** Why the gateway let a span go. */
export type DropReason =
  | 'queue_full'
  | 'retry_exhausted'
  | 'refused'
  | 'encode'
  | 'too_large'
  | 'overload'
  | 'shutdown'

export type Counts = {
  readonly recorded: number
  readonly exported: number
  /** Refused one by one by a back end that took their batch. */
  readonly rejected: number
  readonly dropped: ReadonlyMap<DropReason, number>
  /** Waiting or on their way. */
  readonly queued: number
  /** What they hold, roughly. */
  readonly queuedBytes: number
  /** Spans that there is room for; 0 once closed. */
  readonly capacity: number
  /** Too many failures in a row: the back end is probed, no more. */
  readonly open: boolean
  /** Bodies as sent, compressed where they are, each try that was answered. */
  readonly bytes: number
  /** Batches that a back end took. */
  readonly batches: number
}

export const nothing: Counts = {
  recorded: 0,
  exported: 0,
  rejected: 0,
  dropped: new Map(),
  queued: 0,
  queuedBytes: 0,
  capacity: 0,
  open: false,
  bytes: 0,
  batches: 0
}

/** The two together, as metrics show exporters that follow one another under one name. */
export function sum(a: Counts, b: Counts): Counts {
  const dropped = new Map(a.dropped)
  for (const [reason, spans] of b.dropped) dropped.set(reason, (dropped.get(reason) ?? 0) + spans)
  return {
    recorded: a.recorded + b.recorded,
    exported: a.exported + b.exported,
    rejected: a.rejected + b.rejected,
    dropped,
    queued: a.queued + b.queued,
    queuedBytes: a.queuedBytes + b.queuedBytes,
    capacity: a.capacity + b.capacity,
    open: a.open || b.open,
    bytes: a.bytes + b.bytes,
    batches: a.batches + b.batches
  }
}
