// How much the way of spans to one back end may hold, and how long it may wait.
import type { Patience } from './delivery.ts'

export type Limits = {
  /** Spans held at most, waiting and on their way together. */
  readonly capacity: number
  /** The same in bytes, roughly. */
  readonly capacityBytes: number
  /** Spans in one body; a request that has more is a body of its own. */
  readonly batch: number
  /** A span waits this long for company. */
  readonly intervalMs: number
  /** Batches that are encoded and not settled, those between two tries included. */
  readonly concurrency: number
  /** Uncompressed. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request asks for 64 MiB. */
  readonly bodyLimit: number
  readonly patience: Partial<Patience>
}

/** Where nobody says otherwise. */
export const limits: Limits = {
  capacity: 8192,
  capacityBytes: 16 * 1024 * 1024,
  // Encodes in a quarter of a millisecond, for 3 % more bytes than 256: RATIONALE.md.
  batch: 128,
  intervalMs: 1000,
  concurrency: 2,
  bodyLimit: 64 * 1024 * 1024,
  patience: {}
}
