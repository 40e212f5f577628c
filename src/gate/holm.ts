// Several questions asked at once: which of them may be answered with yes, so that all are right with one level.

/** Which of these probabilities stand, by Holm's step-down. https://www.jstor.org/stable/4615733 */
export function holm(probabilities: readonly number[], level: number): readonly boolean[] {
  const order = [...probabilities.keys()].sort((a, b) => (probabilities[a] ?? 1) - (probabilities[b] ?? 1))
  const stands = probabilities.map(() => false)
  for (const [place, at] of order.entries()) {
    if ((probabilities[at] ?? 1) > level / (probabilities.length - place)) break
    stands[at] = true
  }
  return stands
}
