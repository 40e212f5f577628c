// Random trace and span ids, and what makes one invalid.
import { randomFillSync } from 'node:crypto'

/** Where new ids come from; a parameter everywhere, so that a test can count. */
export type Ids = {
  /** 32 lower-case hex digits, never all zero, random in the low 56 bits. */
  readonly traceId: () => string
  /** 16 lower-case hex digits, never all zero. */
  readonly spanId: () => string
}

// One system call fills ids for some hundred requests: a call per id costs more than all of mediation.
const pool = Buffer.allocUnsafe(8192)
let used = pool.length

function take(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}

/** True for an id of zeros alone, which every dialect holds invalid. */
export function isZero(id: string): boolean {
  for (let i = 0; i < id.length; i++) if (id.charCodeAt(i) !== 48) return false
  return true
}

function valid(bytes: number): string {
  let id = take(bytes)
  while (isZero(id)) id = take(bytes)
  return id
}

/** Ids from the system's random source. */
export const randomIds: Ids = { traceId: () => valid(16), spanId: () => valid(8) }
