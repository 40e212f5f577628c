// Waits for something to become true: looks again and again, and gives up loudly.

/** Resolves when `condition` holds; rejects after 5 s without. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 5000
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never came true: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
