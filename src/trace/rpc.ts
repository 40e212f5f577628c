// Path ids of calls, as EagleEye and SOFATracer number them: 0, its first call 0.1, that one's second call 0.1.2.
import type { Hop } from './hop.ts'

/** The server that a trace begins with. */
export const rootRpcId = '0'

const maxLength = 256
// Public captures and sofa-tracer's SofaTracerSpanContext; there is no specification.
const rpcPattern = /^[0-9]{1,10}(?:\.[0-9]{1,10})*$/

export function isRpcId(text: string): boolean {
  return text.length <= maxLength && rpcPattern.test(text)
}

/** The path of the caller; undefined for a root. */
export function parentRpcId(rpcId: string): string | undefined {
  const dot = rpcId.lastIndexOf('.')
  return dot === -1 ? undefined : rpcId.slice(0, dot)
}

/**
 * The path that an attempt sends: the next one below the gateway's own, unless the gateway does not show, or the path
 * would be longer than what the next gateway reads, which would begin a new trace.
 */
export function calledRpcId(own: string, hop: Hop): string {
  if (hop.transparent) return own
  const called = `${own}.${hop.number}`
  return called.length > maxLength ? own : called
}
