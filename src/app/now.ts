// The clock of a process.

/** Milliseconds since the Unix epoch, with fractions; it never runs backwards. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
