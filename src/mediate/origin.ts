// Where the gateway's span hangs: below the caller's, or at the begin of a trace. Pure.
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import type { Ids } from '../trace/ids.ts'
import { remembered } from './members.ts'
import type { Policy } from './policy.ts'

/** Where the gateway's span hangs: the caller's span, or nothing when the trace begins here. */
export type Origin = Omit<TraceContext, 'spanId'> & { readonly spanId: string | undefined }

export function originOf(received: Received, policy: Policy, ids: Ids): Origin {
  switch (received.kind) {
    case 'context': {
      const { context } = received
      const residue = remembered(context, policy.members.read)
      return residue === context.residue ? context : { ...context, residue }
    }
    case 'trace':
      return { ...received.trace, spanId: undefined, parentId: undefined }
    case 'decision':
      return newTrace(received.sampling, received.residue, ids)
    case 'none':
      return newTrace('defer', undefined, ids)
  }
}

export function newTrace(sampling: Sampling, residue: Residue | undefined, ids: Ids): Origin {
  return {
    traceId: ids.traceId(),
    spanId: undefined,
    parentId: undefined,
    sampling,
    bits: 128,
    random: true,
    tracestate: '',
    residue
  }
}
