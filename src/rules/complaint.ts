// How complaints are made, ordered and written. The texts never quote a value: it may be a secret.
import type { Place } from './located.ts'

/** One complaint about a rule file; `line` and `column` count from 1. */
export type Complaint = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `.routes[0].upstream` */
  readonly path: string
  readonly message: string
}

/** A complaint about what stands at `place`. */
export function complain(place: Place, message: string): Complaint {
  return { file: place.file, line: place.line, column: place.column, path: place.path, message }
}

/** `file:line:column path message`; without the numbers for what is in no file, such as a flag. */
export function formatComplaint({ file, line, column, path, message }: Complaint): string {
  return line === 0 ? `${file} ${message}` : `${file}:${line}:${column} ${path} ${message}`
}

/** `file:line`, for a message that points to another place. */
export function formatPlace({ file, line }: Place): string {
  return line === 0 ? file : `${file}:${line}`
}

/** By file in the order given, then by position; the same thing said twice is said once. */
export function sortComplaints(complaints: readonly Complaint[], files: readonly string[]): Complaint[] {
  const seen = new Map(complaints.map(each => [formatComplaint(each), each]))
  const rank = (file: string) => files.indexOf(file)
  return [...seen.values()].sort(
    (a, b) => rank(a.file) - rank(b.file) || a.line - b.line || a.column - b.column
  )
}

/** `; did you mean x?` for the known name at most two edits away, else ''. */
export function suggestion(name: string, known: readonly string[]): string {
  let best: string | undefined
  // Of a short name, two edits leave nothing.
  let least = Math.min(2, Math.ceil(name.length / 2) - 1) + 1
  for (const candidate of known) {
    const distance = edits(name.toLowerCase(), candidate, least)
    if (distance >= least) continue
    least = distance
    best = candidate
  }
  return best === undefined ? '' : `; did you mean ${best}?`
}

/** Insertions, deletions, substitutions and swaps of neighbours between two names, or `enough` and above. */
function edits(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      }
      row.push(cost)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? enough
}
