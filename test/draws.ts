// Random numbers that are the same in every run, and latencies drawn with them.

export type Draws = {
  /** From 0 up to 1. */
  readonly uniform: () => number
  /** Milliseconds: lognormal around 40, two in a hundred four times as long. */
  readonly latency: () => number
}

/** https://github.com/cprosche/mulberry32 */
export function drawsOf(seed: number): Draws {
  let state = seed | 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { uniform, latency: () => latencyOf(uniform(), uniform(), uniform()) }
}

/** The same latencies, so many times as long, evenly drawn: the shares of a few hundred are those of the distribution. */
export function evenLatencies(longer = 1): () => number {
  let i = 0
  return () => {
    i++
    // https://en.wikipedia.org/wiki/Low-discrepancy_sequence#Additive_recurrence
    return (
      longer *
      latencyOf(
        (0.5 + i * 0.8191725133961645) % 1,
        (0.5 + i * 0.6710436067037893) % 1,
        (i * 0.54970047790197) % 1
      )
    )
  }
}

function latencyOf(a: number, b: number, c: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b)
  return 40 * Math.exp(0.5 * normal) * (c < 0.02 ? 4 : 1)
}
