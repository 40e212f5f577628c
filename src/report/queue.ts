// The room of one exporter for spans: who gets in, who makes way, who goes out next. It knows no time and no back end.
import type { Segment, Span } from '../exporters/exporter.ts'
import { Ring, type Unit } from './ring.ts'

export type Room = { readonly spans: number; readonly bytes: number }

// What a span costs beside its text: the object, its array, its numbers.
const bare = 512

/** About how many bytes a span holds. */
export function weigh(span: Span): number {
  let weight = bare + span.name.length + span.tracestate.length
  for (const part of span.attributes) {
    if (typeof part === 'string') weight += part.length
    else if (typeof part === 'object') for (const text of part) weight += text.length
  }
  if (span.links !== undefined) weight += 256 * span.links.length
  if (span.segment !== undefined) weight += weighSegment(span.segment)
  return weight
}

/** Most of it is shared by the spans of a request; the first of them is not known here. */
function weighSegment({ endpoint, parent }: Segment): number {
  const own = 256 + endpoint.length
  if (parent === undefined) return own
  return (
    own + parent.traceId.length + parent.segmentId.length + parent.service.length + parent.endpoint.length
  )
}

export class Queue {
  readonly #room: Room
  // Two rings, so that nobody has to look for the oldest ordinary one among urgent ones.
  readonly #urgent: Ring
  readonly #ordinary: Ring
  #heldSpans = 0
  #heldBytes = 0

  constructor(room: Room) {
    this.#room = room
    this.#urgent = new Ring(room.spans)
    this.#ordinary = new Ring(room.spans)
  }

  /** Spans that wait. */
  get spans(): number {
    return this.#urgent.spans + this.#ordinary.spans
  }

  /** Spans that take room: those that wait and those held. */
  get taken(): number {
    return this.spans + this.#heldSpans
  }

  /** The same in bytes. */
  get takenBytes(): number {
    return this.#urgent.weight + this.#ordinary.weight + this.#heldBytes
  }

  /**
   * Takes the spans of one request in, and returns how many spans were let go for it: the oldest ordinary ones, then,
   * for urgent ones only, the oldest urgent ones. Where even that makes no room, those of the request themselves.
   */
  push(unit: Unit, urgent: boolean): number {
    let weight = 0
    for (const span of unit) weight += weigh(span)
    // Asked first: nobody makes way for what does not get in.
    const firmSpans = this.#heldSpans + (urgent ? 0 : this.#urgent.spans)
    const firmBytes = this.#heldBytes + (urgent ? 0 : this.#urgent.weight)
    if (firmSpans + unit.length > this.#room.spans || firmBytes + weight > this.#room.bytes)
      return unit.length
    let dropped = 0
    while (this.taken + unit.length > this.#room.spans || this.takenBytes + weight > this.#room.bytes) {
      const gone = this.#ordinary.shift() ?? this.#urgent.shift()
      if (gone === undefined) return dropped + unit.length
      dropped += gone.length
    }
    const ring = urgent ? this.#urgent : this.#ordinary
    ring.push(unit, weight)
    return dropped
  }

  /** Whole requests, urgent ones first, up to `most` spans; more only where the first request alone has more. */
  take(most: number): Span[] {
    const spans: Span[] = []
    for (const ring of [this.#urgent, this.#ordinary]) {
      for (let unit = ring.first(); unit !== undefined; unit = ring.first()) {
        if (spans.length > 0 && spans.length + unit.length > most) return spans
        ring.shift()
        for (const span of unit) spans.push(span)
      }
    }
    return spans
  }

  /** Room for what was taken and is not settled; negative numbers give it back. */
  hold(spans: number, bytes: number): void {
    this.#heldSpans += spans
    this.#heldBytes += bytes
  }

  /** Forgets all that waits, and returns how many spans that were. */
  drop(): number {
    const { spans } = this
    while (this.#ordinary.shift() !== undefined);
    while (this.#urgent.shift() !== undefined);
    return spans
  }

  /** Forgets all that waits or is held, and returns how many spans that were. */
  clear(): number {
    const { taken } = this
    this.drop()
    this.#heldSpans = 0
    this.#heldBytes = 0
    return taken
  }
}
