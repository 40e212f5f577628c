// What came of a log's lines: progress while it is read, bad lines by number, the sum at the end.
import type { Told } from '../logs/spans.ts'
import type { Counts } from '../report/counts.ts'

export type Tally = {
  /** `bytes` is what was read of the log by then. */
  readonly line: (number: number, bytes: number, told: Told) => void
  /** Says the sum; false when spans were lost. */
  readonly end: (counts: ReadonlyMap<string, Counts>) => boolean
}

/** Bad lines that are named; of the others there is a count for each reason. */
const named = 20
/** Milliseconds between two lines of progress. */
const pause = 5_000

/** `size` is that of the log in bytes, where it is known. */
export function createTally(
  say: (text: string) => void,
  size: number | undefined,
  now: () => number = () => performance.now()
): Tally {
  const bad = new Map<string, number>()
  const skipped = new Map<string, number>()
  let lines = 0
  let spans = 0
  let bads = 0
  let next = now() + pause
  const progress = (bytes: number) => {
    const share = size === undefined || size === 0 ? '' : `, ${Math.round((bytes / size) * 100)} %`
    say(`${counted(lines)} lines, ${counted(spans)} spans${share}\n`)
  }
  return {
    line: (number, bytes, told) => {
      lines = number
      if ('span' in told) spans++
      else if ('skipped' in told) skipped.set(told.skipped, (skipped.get(told.skipped) ?? 0) + 1)
      else {
        bad.set(told.bad, (bad.get(told.bad) ?? 0) + 1)
        if (++bads <= named) say(`line ${number}: ${told.bad}\n`)
      }
      // The clock is asked now and then: a log has millions of lines.
      if (number % 1000 !== 0 || now() < next) return
      next = now() + pause
      progress(bytes)
    },
    end: counts => {
      if (bads > named) say(`and ${counted(bads - named)} bad lines more: ${listed(bad)}\n`)
      say(`${counted(lines)} lines: ${counted(spans)} spans`)
      if (skipped.size > 0) say(`; left out: ${listed(skipped)}`)
      if (bads > 0) say(`; bad: ${counted(bads)}`)
      say('\n')
      let lost = 0
      for (const [exporter, { exported, rejected, dropped }] of counts) {
        const gone = [...dropped.values()].reduce((sum, some) => sum + some, rejected)
        lost += gone
        say(`${exporter}: ${counted(exported)} exported${gone > 0 ? `, ${counted(gone)} lost` : ''}\n`)
      }
      return lost === 0
    }
  }
}

function counted(number: number): string {
  return number.toLocaleString('en-US')
}

function listed(reasons: ReadonlyMap<string, number>): string {
  return [...reasons].map(([reason, number]) => `${counted(number)} ${reason}`).join(', ')
}
