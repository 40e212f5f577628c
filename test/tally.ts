// What a check that is no test of tap's counts and prints: one line for each thing that holds or does not.

export type Tally = {
  readonly say: (line: string) => void
  /** One thing: it holds when there are no problems. */
  readonly holds: (what: string, problems: readonly string[]) => void
  /** Prints the time and the closing line, and gives the exit code. */
  readonly close: () => 0 | 1
}

export function createTally(): Tally {
  const started = performance.now()
  let passed = 0
  let failed = 0
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  return {
    say,
    holds(what, problems) {
      const right = problems.length === 0
      if (right) passed += 1
      else failed += 1
      say(`${right ? 'ok    ' : 'not ok'} ${what}`)
      for (const problem of new Set(problems)) say(`         ${problem}`)
    },
    close() {
      say(`took ${((performance.now() - started) / 1000).toFixed(0)} s\n\n${passed} passed, ${failed} failed`)
      return failed === 0 ? 0 : 1
    }
  }
}
