// The clock of a process.

const origin = performance.timeOrigin

/** Milliseconds since the Unix epoch, with fractions; it never runs backwards. */
export function now(): number {
  return origin + performance.now()
}
