// The cases written by hand from the specifications, by group; and request headers as a dialect reads them.
import { readFileSync } from 'node:fs'
import type { Each } from '../../src/baggage/baggage.ts'
import type { Read } from '../../src/dialects/dialect.ts'
import type { Sampling } from '../../src/trace/context.ts'

export type Headers = readonly (readonly [name: string, value: string])[]

export type Vector<Expect> = {
  readonly format: string
  readonly name: string
  readonly headers: Headers
  readonly expect: Expect
}

/** What a dialect should make of the headers. */
export type Reading = Vector<{
  readonly kind: 'context' | 'trace' | 'decision' | 'none'
  readonly traceId: string | null
  readonly spanId: string | null
  readonly parentSpanId: string | null
  readonly sampled: Sampling
  readonly extra: Readonly<Record<string, unknown>>
}>

/** What a dialect should write for a context. */
export type Encoding = Vector<{ readonly to: string; readonly headers: Headers }> & {
  readonly context: {
    readonly traceId: string | null
    readonly spanId: string
    readonly parentSpanId?: string
    readonly sampled: Sampling
    readonly random?: boolean
    readonly traceIdBits?: 64 | 128
  }
}

const all: readonly Vector<unknown>[] = JSON.parse(
  readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')
)

/** All cases of a group; the caller says what they look like. */
export function vectors<V extends Vector<unknown>>(format: string): readonly V[] {
  const group = all.filter((vector): vector is V => vector.format === format)
  if (group.length === 0) throw new Error(`no vectors of format ${format}`)
  return group
}

/** Lines of one name joined by a comma and trimmed, as a server hands them to a dialect. */
export function readerOf(headers: Headers): Read {
  return field => {
    const lines = headers.filter(([name]) => name.toLowerCase() === field).map(([, value]) => value)
    return lines.length === 0 ? undefined : lines.join(',').replace(/^[ \t]+|[ \t]+$/g, '')
  }
}

/** Fields by a prefix of their names, as a server hands them to a baggage dialect. */
export function eachOf(headers: Headers): Each {
  return prefix =>
    headers.flatMap(([name, value]) => {
      const lower = name.toLowerCase()
      return lower.startsWith(prefix)
        ? [lower.slice(prefix.length), value.replace(/^[ \t]+|[ \t]+$/g, '')]
        : []
    })
}

/** The flat names and values that `inject` appends, as pairs. */
export function pairsOf(set: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < set.length; i += 2) pairs.push([set[i] ?? '', set[i + 1] ?? ''])
  return pairs
}
