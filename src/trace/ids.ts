// Random trace and span ids, and what makes one invalid.
import { randomFillSync } from 'node:crypto'

/** Where new ids come from; a parameter everywhere, so that a test can count. */
export type Ids = {
  /** 32 lower-case hex digits, never all zero, random in the low 56 bits. */
  readonly traceId: () => string
  /** 16 lower-case hex digits, never all zero. */
  readonly spanId: () => string
}

// One system call for the ids of some hundred requests, and one text for those of some dozens: to make either for each id
// costs more than all else of a mediation. An id is a part of its text and holds all of it, so the text is short.
const pool = Buffer.allocUnsafe(8192)
const textBytes = 512
let left = 0
let digits = ''
let used = 0

function refill(): void {
  if (left === 0) {
    randomFillSync(pool)
    left = pool.length
  }
  digits = pool.toString('hex', left - textBytes, left)
  left -= textBytes
  used = 0
}

function take(length: number): string {
  if (used + length > digits.length) refill()
  used += length
  return digits.slice(used - length, used)
}

/** True for an id of zeros alone, which every dialect holds invalid. */
export function isZero(id: string): boolean {
  for (let i = 0; i < id.length; i++) if (id.charCodeAt(i) !== 48) return false
  return true
}

function valid(length: number): string {
  let id = take(length)
  while (isZero(id)) id = take(length)
  return id
}

/** Ids from the system's random source. */
export const randomIds: Ids = { traceId: () => valid(32), spanId: () => valid(16) }
