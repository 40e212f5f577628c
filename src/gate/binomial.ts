// Exact binomial probabilities, for counts of any size. Pure arithmetic.

// Lanczos' approximation, g = 7, n = 9: https://mathworld.wolfram.com/LanczosApproximation.html
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7
]

/** The logarithm of n!, n ≥ 0. */
function logFactorial(n: number): number {
  let sum = 0
  for (let i = lanczos.length - 1; i > 0; i--) sum += (lanczos[i] ?? 0) / (n + i)
  const t = n + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (n + 0.5) * Math.log(t) - t + Math.log((lanczos[0] ?? 0) + sum)
}

function probability(k: number, n: number, p: number): number {
  const ways = logFactorial(n) - logFactorial(k) - logFactorial(n - k)
  return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log1p(-p))
}

/** Beyond so many standard deviations nothing is left that would show. */
const reach = 9

function ends(n: number, p: number): readonly [from: number, to: number] {
  const spread = reach * Math.sqrt(n * p * (1 - p)) + reach
  return [Math.max(0, Math.floor(n * p - spread)), Math.min(n, Math.ceil(n * p + spread))]
}

/** The smallest k such that at least the share `q` of all outcomes is k or less; 0 < p < 1. */
export function binomialQuantile(q: number, n: number, p: number): number {
  const [from, to] = ends(n, p)
  let here = probability(from, n, p)
  let sum = here
  let k = from
  while (sum < q && k < to) {
    here *= (((n - k) / (k + 1)) * p) / (1 - p)
    k++
    // Far from the middle a probability may be too small to be a number; from there on it is reckoned anew.
    if (here === 0) here = probability(k, n, p)
    sum += here
  }
  return k
}

/** The probability of `k` or more of `n`; 0 < p < 1. */
export function binomialTail(k: number, n: number, p: number): number {
  const [from, to] = ends(n, p)
  if (k <= from) return 1
  let sum = 0
  for (let i = k; i <= to; i++) sum += probability(i, n, p)
  return Math.min(1, sum)
}

/** The share of a normal distribution above `z`. https://personal.math.ubc.ca/~cbm/aands/page_932.htm 26.2.17 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const t = 1 / (1 + 0.2316419 * z)
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
}
