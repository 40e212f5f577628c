// Whether what a back end holds of a trace is one tree. It knows nothing of who reported it.
import type { Segment } from './oap.ts'

/** A span; the parent of a root is '' or what is passed as outside. */
export type Spanned = { readonly id: string; readonly parentId: string }

/**
 * What is wrong with segments of one trace: as SkyWalking joins them, by `segment index`. `outside` is the one place
 * that may be referred to without being there; undefined where the trace begins inside.
 */
export function brokenRefs(segments: readonly Segment[], outside: string | undefined): readonly string[] {
  const places = new Set<string>()
  const roots: string[] = []
  const complaints: string[] = []
  for (const { tracesegmentid, spansList } of segments) {
    for (const { spanid } of spansList) places.add(`${tracesegmentid} ${spanid}`)
  }
  for (const { tracesegmentid, service, traceid, spansList } of segments) {
    for (const { spanid, parentspanid, spantype, refsList } of spansList) {
      const here = `${service} ${spanid}`
      for (const ref of refsList) {
        const parent = `${ref.parenttracesegmentid} ${ref.parentspanid}`
        if (ref.traceid !== traceid) complaints.push(`${here} refers to trace ${ref.traceid}`)
        if (parent === outside) roots.push(here)
        else if (!places.has(parent)) complaints.push(`${here} refers to ${parent}, which nobody reported`)
      }
      if (parentspanid === -1 && spantype !== 0) complaints.push(`${here} begins a segment and is no entry`)
      if (parentspanid === -1 && refsList.length === 0) roots.push(here)
      if (parentspanid >= 0 && !places.has(`${tracesegmentid} ${parentspanid}`)) {
        complaints.push(`${here} has no parent in its segment`)
      }
    }
  }
  return roots.length === 1 ? complaints : [...complaints, `${roots.length} roots: ${roots.join(', ')}`]
}

/** What is wrong with spans of one trace, whose root hangs on one of `outside`. */
export function brokenSpans(spans: readonly Spanned[], outside: readonly string[]): readonly string[] {
  const ids = new Set(spans.map(({ id }) => id))
  const roots = spans.filter(({ parentId }) => outside.includes(parentId))
  const lost = spans.filter(({ parentId }) => !ids.has(parentId) && !outside.includes(parentId))
  return [
    ...lost.map(({ id, parentId }) => `${id} hangs on ${parentId}, which nobody reported`),
    ...(roots.length === 1 ? [] : [`${roots.length} roots`])
  ]
}
