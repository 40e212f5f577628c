// Which of several sides a key belongs to, by weight, the same in every process: when weights change, no more keys change
// sides than the new weights ask for. Pure.
// https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf

export type Weighted = { readonly side: string; readonly weight: number }

/**
 * 32 bits of a text, spread evenly, the same everywhere: FNV-1a, then the last steps of MurmurHash3.
 * https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function hash(text: string, seed = 0): number {
  let bits = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** Where a key stands among all there may be: 0 to 1, both left out. */
export function pointOf(key: string, seed = 0): number {
  return (hash(key, seed) + 0.5) / 2 ** 32
}

/** Undefined where no side has a weight. Made once, for many keys. */
export function createRendezvous<T extends Weighted>(sides: readonly T[]): (key: string) => T | undefined {
  const seeded = sides.filter(({ weight }) => weight > 0).map(side => ({ side, seed: hash(side.side) }))
  return key => {
    let best: T | undefined
    let highest = Number.NEGATIVE_INFINITY
    for (const { side, seed } of seeded) {
      const score = side.weight / -Math.log(pointOf(key, seed))
      if (score <= highest) continue
      highest = score
      best = side
    }
    return best
  }
}
