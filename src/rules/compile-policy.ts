// What the heart does on a route, with live dialects in place of names, and what it takes away of a caller's fields.
// Runs when rules load.
import type { BaggagePolicy } from '../baggage/bridge.ts'
import { baggageDialects } from '../baggage/find.ts'
import { accepted, dialects, isWritten } from '../dialects/find.ts'
import { membersOf } from '../mediate/members.ts'
import type { Policy, Strip } from '../mediate/policy.ts'
import type { Adapters } from './adapters.ts'
import type { BaggageSettings, RouteSettings, Settings, UpstreamSettings } from './settings.ts'

/** What all routes have to do with. */
export type Shared = {
  readonly secrets: readonly string[]
  readonly adapters: Adapters
  /** Somebody is told of segments: each request has one, whatever its route emits. */
  readonly segments: boolean
  /** What callers that are not believed send goes nowhere. */
  readonly strangers: Strip
  /** Somebody else's upstream gets a trace in the dialects of `emit` alone. */
  readonly outsiders: Strip
}

export function sharedOf({ trust, exporters }: Settings, adapters: Adapters): Shared {
  const secrets = trust.flatMap(({ secret }) => secret?.header ?? [])
  const known = [...accepted.values(), ...adapters.values(), ...baggageDialects.values()]
  const written = [...dialects.values(), ...adapters.values(), ...baggageDialects.values()]
  return {
    adapters,
    secrets,
    strangers: stripOf(known, secrets),
    outsiders: stripOf(written, secrets),
    segments: exporters.some(({ kind }) => kind === 'skywalking')
  }
}

/** What the heart is told of a route; `external` for one to somebody else's upstream. */
export function policyOf(
  route: Pick<
    RouteSettings,
    'accept' | 'emit' | 'conflict' | 'spans' | 'rpc' | 'restore' | 'tracestate' | 'baggage'
  > &
    Pick<UpstreamSettings, 'randomFlag'>,
  external: boolean,
  { secrets, adapters, strangers, outsiders, segments }: Shared,
  /** A field that the gateway writes itself. */
  ours?: string
): Policy {
  const accept = route.accept.flatMap(name => accepted.get(name) ?? adapters.get(name) ?? [])
  const emit = route.emit.flatMap(name => dialects.get(name) ?? adapters.get(name) ?? [])
  const baggage = baggageOf(route.baggage)
  const carriers = [...accept.filter(isWritten), ...emit, ...baggage.accept, ...baggage.emit]
  const believed = external ? outsiders : stripOf(carriers, secrets)
  return Object.freeze({
    accept,
    emit,
    conflict: route.conflict,
    strip: {
      continue: stripping(believed, ours),
      restart: stripping(strangers, ours),
      ignore: stripping(strangers, ours)
    },
    spans: route.spans,
    stores: route.restore === 'both' || route.restore === 'store',
    takes: route.restore === 'both' || route.restore === 'take',
    rpc: route.rpc,
    randomFlag: route.randomFlag,
    segments: segments || emit.some(dialect => dialect.segments),
    members: membersOf(accept, emit),
    tracestate: route.tracestate === 'all' ? route.tracestate : new Set(route.tracestate),
    baggage
  })
}

function stripping(strip: Strip, ours: string | undefined): Strip {
  return ours === undefined ? strip : Object.freeze({ ...strip, fields: new Set([...strip.fields, ours]) })
}

/** What carries a trace or baggage: the fields with a fixed name, and of some the beginnings of others. */
type Carrier = { readonly fields: readonly string[]; readonly prefixes?: readonly string[] }

function stripOf(carriers: readonly Carrier[], secrets: readonly string[]): Strip {
  const fields = carriers.flatMap(carrier => carrier.fields.map(field => field.toLowerCase()))
  return Object.freeze({
    fields: new Set([...fields, 'baggage', ...secrets]),
    prefixes: [...new Set(carriers.flatMap(({ prefixes }) => prefixes ?? []))]
  })
}

function baggageOf({ accept, emit, allow, maxBytes }: BaggageSettings): BaggagePolicy {
  const named = (names: readonly string[]) => names.flatMap(name => baggageDialects.get(name) ?? [])
  return {
    accept: named(accept),
    emit: named(emit),
    allow: allow === 'all' ? allow : new Set(allow),
    maxBytes
  }
}
