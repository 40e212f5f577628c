// First in, first out: the spans of requests in a fixed number of places, and the sums of what is there.
// It knows no limit but its places, and evicts nothing.
import type { Span } from '../exporters/exporter.ts'

/** The spans of one request, which stay together: to SkyWalking they are one segment. Never empty. */
export type Unit = readonly Span[]

export class Ring {
  readonly #units: (Unit | undefined)[]
  readonly #weights: Float64Array
  #head = 0
  #size = 0
  #spans = 0
  #weight = 0

  constructor(places: number) {
    this.#units = new Array(places).fill(undefined)
    this.#weights = new Float64Array(places)
  }

  get spans(): number {
    return this.#spans
  }

  get weight(): number {
    return this.#weight
  }

  /** The caller has seen to it that a place is free. */
  push(unit: Unit, weight: number): void {
    const at = (this.#head + this.#size) % this.#units.length
    this.#units[at] = unit
    this.#weights[at] = weight
    this.#size++
    this.#spans += unit.length
    this.#weight += weight
  }

  /** The oldest, left where it is; undefined when empty. */
  first(): Unit | undefined {
    return this.#units[this.#head]
  }

  /** The oldest, or undefined when empty. */
  shift(): Unit | undefined {
    const unit = this.#units[this.#head]
    if (unit === undefined) return undefined
    this.#units[this.#head] = undefined
    this.#weight -= this.#weights[this.#head] ?? 0
    this.#head = (this.#head + 1) % this.#units.length
    this.#size--
    this.#spans -= unit.length
    return unit
  }
}
