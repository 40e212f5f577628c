// Between whoever carries a request to an upstream (h1-pool.ts, h2-pool.ts, upgrade.ts) and whoever waits for its answer
// (attempt.ts). Types alone, in the shape of undici's handlers.
import type { Readable } from 'node:stream'
import type { Strip } from '../mediate/policy.ts'
import type { RawFields } from './fields.ts'

/** A request for an upstream. */
export type Sent = {
  readonly method: string
  /** In origin-form, byte for byte. */
  readonly path: string
  /** Host among them, unless the caller sent none. */
  readonly fields: RawFields
  /** Its length is in `fields`, or not known. */
  readonly body: Readable | null
  /** What its trailers may not hold. */
  readonly strip: Strip
}

/** Steers what is under way; of no effect once it is over. */
export type Control = {
  /** Ends it: the recipient hears of it as of an error. */
  readonly abort: (reason: Error) => void
  /** Takes no more of the body until `resume`; what has arrived already still comes. */
  readonly pause: () => void
  readonly resume: () => void
}

/** Asked by a recipient when its request begins on a connection. */
export type Carrier = {
  /** Whether another request went there before this one; from now on one did. */
  readonly take: () => boolean
  /** Whether it is there, and a request went there before. */
  readonly isUsed: () => boolean
  /** An answer that it was to carry did not begin in time: no other request is to go there. */
  readonly distrust: () => void
}

/** Called in this order; after `onResponseEnd` or `onResponseError` nothing more. */
export type Recipient = {
  /** Set by the connection that the request goes to. */
  carrier: Carrier | undefined
  /** It has a connection and is about to be sent. */
  readonly onRequestStart: (control: Control) => void
  /** Bytes of an answer have come. */
  readonly onResponseStarted: () => void
  /** Once for the answer, and before it for each interim one; `phrase` is '' where there is none. */
  readonly onResponseStart: (control: Control, status: number, fields: RawFields, phrase: string) => void
  /** `chunk` is its own to keep. */
  readonly onResponseData: (control: Control, chunk: Buffer) => void
  readonly onResponseEnd: (trailers: RawFields) => void
  readonly onResponseError: (error: Error) => void
}
