// Waits for something to become true: looks again and again, and gives up loudly.

/** Resolves when `condition` holds; rejects after so many milliseconds without. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 15_000
): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never came true: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
