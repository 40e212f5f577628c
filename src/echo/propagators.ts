// OpenTelemetry's own propagators, the independent witness: one for each dialect that they speak.
// Our codecs must never be used here, or a mistake of ours would judge itself.
import type { Context, TextMapPropagator } from '@opentelemetry/api'

/** A place in a trace as OpenTelemetry reads it. Ids are lower-case hex. */
export type Place = { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }

export type Propagator = {
  /** Lower-case names of the fields that a context of this dialect cannot do without, or is spread over. */
  readonly fields: readonly string[]
  /** Reads a context from this dialect's fields alone; null when there is none that OpenTelemetry takes. */
  readonly extract: (read: (field: string) => string | undefined) => Place | null
  /** Writes a context, as name and value pairs. */
  readonly inject: (place: Place) => readonly (readonly [string, string])[]
}

export const witnessed = ['w3c', 'b3', 'b3multi', 'jaeger'] as const
export type Witnessed = (typeof witnessed)[number]

/** Loads the packages, some 50 ms: only who needs a witness pays for it. */
export async function loadPropagators(): Promise<Readonly<Record<Witnessed, Propagator>>> {
  const [api, core, b3, jaeger] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/propagator-b3'),
    import('@opentelemetry/propagator-jaeger')
  ])

  function wrap(propagator: TextMapPropagator, fields: readonly string[]): Propagator {
    const own = new Set(fields)
    return {
      fields,
      extract: read => {
        const context = propagator.extract(api.ROOT_CONTEXT, read, {
          keys: () => [...fields],
          get: (_, field) => (own.has(field) ? read(field) : undefined)
        })
        return place(context)
      },
      inject: ({ traceId, spanId, sampled }) => {
        const set: [string, string][] = []
        const traceFlags = sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE
        const context = api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags })
        propagator.inject(context, set, { set: (carrier, name, value) => carrier.push([name, value]) })
        return set
      }
    }
  }

  function place(context: Context): Place | null {
    const found = api.trace.getSpanContext(context)
    // The Jaeger propagator checks no ids and hands on whatever stood between the colons.
    if (found === undefined || !api.isSpanContextValid(found)) return null
    return {
      traceId: found.traceId.toLowerCase(),
      spanId: found.spanId.toLowerCase(),
      sampled: (found.traceFlags & api.TraceFlags.SAMPLED) !== 0
    }
  }

  return {
    w3c: wrap(new core.W3CTraceContextPropagator(), ['traceparent']),
    b3: wrap(new b3.B3Propagator(), ['b3']),
    b3multi: wrap(new b3.B3Propagator({ injectEncoding: b3.B3InjectEncoding.MULTI_HEADER }), [
      'x-b3-traceid',
      'x-b3-spanid',
      'x-b3-sampled',
      'x-b3-flags'
    ]),
    jaeger: wrap(new jaeger.JaegerPropagator(), ['uber-trace-id'])
  }
}
