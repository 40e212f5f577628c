// Reads what a gateway answers to GET /api/latency. It comes from another process: whatever does not add up is refused.
import * as v from 'valibot'
import { readSketch } from '../sketch/written.ts'
import type { Series, Snapshot } from './snapshot.ts'

/** Workers that are named to people. */
const shown = 5

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const report = v.object({
  instance: v.string(),
  epoch: v.pipe(v.string(), v.nonEmpty()),
  at: v.pipe(v.string(), v.isoTimestamp()),
  since: v.pipe(v.string(), v.isoTimestamp()),
  beyond: count,
  incomplete: v.array(v.string()),
  lost: count,
  series: v.array(
    v.object({
      route: v.string(),
      tags: v.record(v.string(), v.string()),
      count,
      errors: count,
      sketch: v.object({ gamma: v.number(), first: v.number(), counts: v.array(v.number()) })
    })
  )
})

/** `who` names the gateway for people. The snapshot and when its counting began, or what is wrong with the answer. */
export function readReport(
  who: string,
  answer: unknown
): { readonly snapshot: Snapshot; readonly since: number } | { readonly wrong: string } {
  const parsed = v.safeParse(report, answer)
  if (!parsed.success) return { wrong: 'what it answers is no latency report' }
  const { epoch, at, since, beyond, incomplete, lost, series } = parsed.output
  const read = new Map<string, Series>()
  const began = Date.parse(since)
  for (const { route, tags, count: total, errors, sketch } of series) {
    const latency = readSketch(sketch)
    if (latency === undefined) return { wrong: 'its sketches cannot be read by this version' }
    const tagged = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify([route, tagged])
    if (latency.count !== total || errors > total || read.has(key)) {
      return { wrong: 'the counts in its latency report do not add up' }
    }
    read.set(key, { epoch, since: began, route, tags: new Map(tagged), errors, latency })
  }
  return {
    snapshot: { who, epoch, at: Date.parse(at), beyond, lost, doubt: doubtOf(who, incomplete), series: read },
    since: began
  }
}

function doubtOf(who: string, incomplete: readonly string[]): string | undefined {
  if (incomplete.length === 0) return undefined
  return `what ${who} answers is incomplete: ${incomplete.slice(0, shown).join(', ')} did not tell what it counted`
}
