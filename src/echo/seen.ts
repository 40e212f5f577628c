// How a standard SDK reads the headers of a request, dialect by dialect. It decides nothing.
import { loadPropagators, type Place, type Propagator, type Witnessed } from './propagators.ts'

export type Header = readonly [name: string, value: string]

/** What OpenTelemetry's propagator for each dialect made of the headers; null when it found no context. */
export type Seen = Readonly<Record<Witnessed, Place | null>>

/** Loads OpenTelemetry's propagators; what comes back reads headers and never throws, whatever their bytes. */
export async function loadSeen(): Promise<(headers: readonly Header[]) => Seen> {
  const { w3c, b3, b3multi, jaeger } = await loadPropagators()
  return headers => {
    const read = reader(headers)
    return {
      w3c: w3c.extract(read),
      b3: b3.extract(read),
      b3multi: b3multi.extract(read),
      jaeger: jaeger.extract(read)
    }
  }
}

/** Reads one field by lower-case name; repeats are joined as HTTP servers join them, before any SDK sees them. */
export function reader(headers: readonly Header[]): Parameters<Propagator['extract']>[0] {
  const fields = new Map<string, string>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    const before = fields.get(key)
    fields.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  return field => fields.get(field)
}
