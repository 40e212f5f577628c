// Any OpenTelemetry propagator as a dialect, for wires that have no file here. It says what it does through
// OpenTelemetry's model, which has no deferred decision, no debug and no parent's parent; and it is never believed:
// what it throws, or sets where it should not, goes no further. It must not load a package: that is for who calls.
import type { TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import type { Received, TraceContext } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { parseTracestate } from '../trace/tracestate.ts'
import type { Carries, Dialect, Read } from './dialect.ts'

/** What of @opentelemetry/api this needs; it is handed in, for it is loaded only where rules ask for a propagator. */
export type Api = Pick<typeof import('@opentelemetry/api'), 'ROOT_CONTEXT' | 'createTraceState' | 'trace'>

type Wire = Pick<Dialect, 'extract'> & { readonly write: (context: TraceContext) => readonly string[] }

// https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text
const sendable = /^[\t\x20-\x7e]{1,8192}$/
// https://opentelemetry.io/docs/specs/otel/trace/api/#spancontext
const traceIdPattern = /^[0-9a-f]{32}$/
const spanIdPattern = /^[0-9a-f]{16}$/

const unreadable = malformed('unreadable')
const threw = malformed('propagator-error')
const tooLong = malformed('too-long')
const longest = 8192

/** A dialect of this name; `carries` is what `carriesOf` measured. */
export function fromPropagator(
  name: string,
  propagator: TextMapPropagator,
  carries: Carries,
  api: Api
): Dialect {
  const { extract, write } = wireOf(propagator, api)
  const narrow = carries.traceIdBits === 64
  return {
    name,
    rank: 1_000,
    // Whoever has to bring a package for it is leaving it.
    born: 0,
    fields: propagator.fields(),
    supersedes: [],
    carries,
    segments: false,
    member: undefined,
    extract: narrow ? read => narrowed(extract(read)) : extract,
    inject(context, set) {
      if (context.sampling === 'drop' && carries.dropped === 'nothing') return
      // Half an id that is all zeros names no trace.
      if (narrow && isZero(context.traceId.slice(16))) return
      for (const part of write(context)) set.push(part)
    },
    injectDecision: undefined,
    traceIdText: ({ traceId }) => (narrow ? traceId.slice(16) : traceId)
  }
}

const sample: TraceContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentId: undefined,
  sampling: 'keep',
  bits: 128,
  random: false,
  tracestate: 'a=1',
  residue: undefined
}

/** What is left of contexts after a trip over this wire; undefined where it cannot read what it writes itself. */
export function carriesOf(propagator: TextMapPropagator, api: Api): Carries | undefined {
  const wire = wireOf(propagator, api)
  const kept = wire.extract(readerOf(wire.write(sample)))
  if (kept.kind !== 'context') return undefined
  const { traceId, spanId, sampling, tracestate } = kept.context
  if (traceId.slice(16) !== sample.traceId.slice(16)) return undefined
  const sent = wire.write({ ...sample, sampling: 'drop' })
  const dropped = wire.extract(readerOf(sent))
  const tells = dropped.kind === 'context' && dropped.context.sampling === 'drop'
  return {
    sampling: { keep: sampling, drop: 'drop', defer: 'drop', debug: sampling },
    dropped: tells ? 'context' : sent.length > 0 && dropped.kind !== 'context' ? 'decision' : 'nothing',
    traceIdBits: traceId === sample.traceId ? 128 : 64,
    spanId: spanId === sample.spanId ? 'always' : 'never',
    parentId: false,
    width: false,
    random: false,
    tracestate: tracestate === sample.tracestate
  }
}

function wireOf(propagator: TextMapPropagator, { ROOT_CONTEXT, createTraceState, trace }: Api): Wire {
  const fields = propagator.fields().map(field => field.toLowerCase())
  const getter = {
    get: (read: Read, key: string) => read(key.toLowerCase()),
    keys: (read: Read) => fields.filter(field => read(field) !== undefined)
  }
  const setter: TextMapSetter<string[]> = {
    set: (set, key, value) => {
      const known = typeof key === 'string' && fields.includes(key.toLowerCase())
      if (known && typeof value === 'string' && sendable.test(value)) set.push(key, value)
    }
  }
  return {
    extract(read) {
      const values = fields.flatMap(field => read(field) ?? [])
      if (values.length === 0) return absent
      if (values.some(value => value.length > longest)) return tooLong
      try {
        // What it returns can be anything, and have getters that throw.
        return receivedOf(trace.getSpanContext(inTime(propagator.extract(ROOT_CONTEXT, read, getter))))
      } catch {
        return threw
      }
    },
    write({ traceId, spanId, sampling, tracestate }) {
      const set: string[] = []
      const traceFlags = sampling === 'keep' || sampling === 'debug' ? 1 : 0
      try {
        const state = tracestate === '' ? {} : { traceState: createTraceState(tracestate) }
        const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, ...state })
        inTime(propagator.inject(context, set, setter))
      } catch {
        // Half a context is worse than none.
        return []
      }
      return set
    }
  }
}

/** Nobody waits for a promise; one that nobody hears when it is refused would end everything. */
function inTime<T>(value: T): T {
  if (!(value instanceof Promise)) return value
  value.catch(() => {})
  throw new TypeError('a promise')
}

type SpanContext = ReturnType<Api['trace']['getSpanContext']>

/** May throw what a package throws: it promises these types, and nothing holds it to them. */
function receivedOf(found: SpanContext): Received {
  if (found === undefined) return unreadable
  const { traceId, spanId, traceFlags, traceState } = found
  if (!isId(traceId, traceIdPattern) || !isId(spanId, spanIdPattern) || !Number.isInteger(traceFlags)) {
    return unreadable
  }
  const list: unknown = traceState?.serialize()
  const state = typeof list === 'string' ? parseTracestate(list) : undefined
  return {
    kind: 'context',
    context: {
      traceId,
      spanId,
      parentId: undefined,
      sampling: (traceFlags & 1) === 1 ? 'keep' : 'drop',
      bits: 128,
      random: false,
      tracestate: state?.list ?? '',
      residue: undefined
    },
    discarded: state?.discarded === undefined ? undefined : `tracestate ${state.discarded}`
  }
}

function isId(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value) && !isZero(value)
}

/** OpenTelemetry writes zeros in front of an id that had half the digits on its wire. */
function narrowed(received: Received): Received {
  return received.kind === 'context' ? { ...received, context: { ...received.context, bits: 64 } } : received
}

function readerOf(flat: readonly string[]): Read {
  const values = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) values.set((flat[i] ?? '').toLowerCase(), flat[i + 1] ?? '')
  return field => values.get(field)
}
