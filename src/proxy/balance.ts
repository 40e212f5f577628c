// Which target of an upstream serves next: smooth weighted round robin, so that 9:1 is not nine in a row.
// https://github.com/phusion/nginx/commit/27e94984486058d73157038f7950a0a36ecc6e35

/** Gives the next one; undefined when none has any weight. */
export type Balancer<T> = () => T | undefined

export function createBalancer<T>(items: readonly T[], weightOf: (item: T) => number): Balancer<T> {
  const turns = items
    .map(item => ({ item, weight: weightOf(item), credit: 0 }))
    .filter(turn => turn.weight > 0)
  const only = turns[0]?.item
  if (turns.length < 2) return () => only
  const total = turns.reduce((sum, turn) => sum + turn.weight, 0)
  return () => {
    let best = turns[0]
    for (const turn of turns) {
      turn.credit += turn.weight
      if (best === undefined || turn.credit > best.credit) best = turn
    }
    if (best !== undefined) best.credit -= total
    return best?.item
  }
}
