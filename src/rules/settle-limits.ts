// Limits: their defaults, and how they are shown. https://www.rfc-editor.org/rfc/rfc9112#section-3-5 asks for 8000
// bytes of a target at least; the rest is what Envoy and nginx ship at the edge.
import type { Drain, Limits, ListenLimits, ListenTimeouts, Overload } from './limits.ts'
import type {
  DecodedDrain,
  DecodedLimits,
  DecodedListenLimits,
  DecodedListenTimeouts,
  DecodedOverload
} from './shape-limits.ts'
import { optional, type Shown } from './shown.ts'
import { formatDuration, formatSize } from './values.ts'

const KiB = 1024

export const listenLimits: ListenLimits = {
  header: 32 * KiB,
  fields: 100,
  target: 8 * KiB,
  connections: 10_000,
  requests: 1000
}

export const listenTimeouts: ListenTimeouts = {
  handshake: 10_000,
  header: 10_000,
  request: 300_000,
  // Longer than the idle time of load balancers in front, so that they close first.
  keepAlive: 75_000,
  write: 60_000
}

const inFlight = 2000
/** Kubernetes takes seconds to tell everybody that a pod is gone. */
const drain: Drain = { linger: 10_000, timeout: 60_000 }
const delay = 1000

export function settleListenLimits(given: DecodedListenLimits | undefined): ListenLimits {
  return {
    header: given?.header ?? listenLimits.header,
    fields: given?.fields ?? listenLimits.fields,
    target: given?.target ?? listenLimits.target,
    connections: given?.connections ?? listenLimits.connections,
    requests: given?.requests ?? listenLimits.requests
  }
}

export function settleListenTimeouts(given: DecodedListenTimeouts | undefined): ListenTimeouts {
  return {
    handshake: given?.handshake ?? listenTimeouts.handshake,
    header: given?.header ?? listenTimeouts.header,
    request: given?.request ?? listenTimeouts.request,
    keepAlive: given?.['keep-alive'] ?? listenTimeouts.keepAlive,
    write: given?.write ?? listenTimeouts.write
  }
}

export function settleLimits(given: DecodedLimits | undefined): Limits {
  return { inFlight: given?.['in-flight'] ?? inFlight }
}

export function settleDrain(given: DecodedDrain | undefined): Drain {
  return { linger: given?.linger ?? drain.linger, timeout: given?.timeout ?? drain.timeout }
}

export function settleOverload(given: DecodedOverload | undefined): Overload | undefined {
  return given === 'none' ? undefined : { delay: given?.delay ?? delay, memory: given?.memory }
}

export function showListenLimits({ header, fields, target, connections, requests }: ListenLimits): Shown {
  return { header: formatSize(header), fields, target: formatSize(target), connections, requests }
}

export function showListenTimeouts(timeouts: ListenTimeouts): Shown {
  return {
    handshake: formatDuration(timeouts.handshake),
    header: formatDuration(timeouts.header),
    request: formatDuration(timeouts.request),
    'keep-alive': formatDuration(timeouts.keepAlive),
    write: formatDuration(timeouts.write)
  }
}

/** `body` of the top; undefined for any number of bytes. */
export function showLimits({ inFlight: most }: Limits, body: number | undefined): Shown {
  return { ...optional('body', showSize(body)), 'in-flight': most }
}

/** Undefined for any number of bytes. */
export function showSize(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : formatSize(bytes)
}

export function showDrain({ linger, timeout }: Drain): Shown {
  return { linger: formatDuration(linger), timeout: formatDuration(timeout) }
}

export function showOverload(overload: Overload | undefined): Shown | 'none' {
  if (overload === undefined) return 'none'
  const { delay: most, memory } = overload
  return { delay: formatDuration(most), ...optional('memory', showSize(memory)) }
}
