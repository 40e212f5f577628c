// A queue of spans with a fixed number of places, and the weight of what is in it.
import type { Span } from '../exporters/exporter.ts'

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
  return weight
}

export class Ring {
  readonly #spans: (Span | undefined)[]
  readonly #weights: Float64Array
  #head = 0
  #size = 0
  #weight = 0

  constructor(places: number) {
    this.#spans = new Array(places).fill(undefined)
    this.#weights = new Float64Array(places)
  }

  get size(): number {
    return this.#size
  }

  get weight(): number {
    return this.#weight
  }

  /** The caller has seen to it that a place is free. */
  push(span: Span, weight: number): void {
    const at = (this.#head + this.#size) % this.#spans.length
    this.#spans[at] = span
    this.#weights[at] = weight
    this.#size++
    this.#weight += weight
  }

  /** The oldest span, or undefined when empty. */
  shift(): Span | undefined {
    if (this.#size === 0) return undefined
    const span = this.#spans[this.#head]
    this.#spans[this.#head] = undefined
    this.#weight -= this.#weights[this.#head] ?? 0
    this.#head = (this.#head + 1) % this.#spans.length
    this.#size--
    return span
  }
}
