// A line through what was measured, and whether it goes up.

export type Trend = {
  /** From the first to the last measurement, along the line. */
  readonly growth: number
  readonly mean: number
  /** The growth as a multiple of its standard error: below 3 it may well be chance. */
  readonly significance: number
}

/** Least squares over points that are equally far apart. */
export function trendOf(values: readonly number[]): Trend {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const middle = (n - 1) / 2
  let xy = 0
  let xx = 0
  values.forEach((value, x) => {
    xy += (x - middle) * (value - mean)
    xx += (x - middle) ** 2
  })
  const slope = xx === 0 ? 0 : xy / xx
  const rest = values.reduce((sum, value, x) => sum + (value - mean - slope * (x - middle)) ** 2, 0)
  const error = n > 2 && xx > 0 ? Math.sqrt(rest / (n - 2) / xx) : 0
  const growth = slope * (n - 1)
  return { growth, mean, significance: error === 0 ? (slope === 0 ? 0 : 99) : slope / error }
}

/** What may grow by how much, over the whole time that is looked at. */
export type Allowance = { readonly absolute: number; readonly share: number }

/** Whether it grows by more than is allowed, and not by chance. */
export function grows({ growth, mean, significance }: Trend, { absolute, share }: Allowance): boolean {
  return significance > 3 && growth > Math.max(absolute, share * mean)
}
