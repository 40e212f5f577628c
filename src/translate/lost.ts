// What is lost on the way to one upstream, in words: of this one context, not of all that a dialect might lose.
import type { Mediation } from '../mediate/mediate.ts'
import type { Policy } from '../mediate/policy.ts'
import { writeCarry } from '../trace/carry.ts'
import type { TraceContext } from '../trace/context.ts'

/** What each emitted dialect loses of the context that goes to one upstream; nothing of those that lose nothing. */
export function lossesIn(
  context: TraceContext,
  policy: Policy,
  { untouched, arrival }: Mediation
): readonly string[] {
  return policy.emit.flatMap(({ name, carries }) => {
    const other = arrival.conflicts.some(({ dialect }) => dialect === name) ? ': it names another trace' : ''
    if (untouched.dialects.includes(name)) return [`${name} passes as it came, byte for byte${other}`]
    if (untouched.apart.has(name)) return [`${name} goes on with the other trace that it names`]
    const lost = lostIn(context, carries)
    return lost.length === 0 ? [] : [`${name} loses ${lost.join('; ')}`]
  })
}

function lostIn(context: TraceContext, carries: Policy['emit'][number]['carries']): readonly string[] {
  const { sampling, traceId, bits, parentId, random, tracestate } = context
  if (sampling === 'drop' && carries.dropped !== 'context') {
    return carries.dropped === 'nothing'
      ? ['the whole context: it has no way to say "not kept", so nothing is sent']
      : ['the ids: of a trace that is not kept it says only that']
  }
  const arrives = carries.sampling[sampling]
  const wide = !/^0{16}/.test(traceId)
  return [
    ...(sampling === 'defer' && arrives !== 'defer' ? ['the open decision: the gateway decides for it'] : []),
    ...(sampling !== 'defer' && arrives !== sampling ? [`"${sampling}": it arrives as "${arrives}"`] : []),
    ...(wide && carries.traceIdBits === 64
      ? [`the first half of the trace id (${traceId.slice(0, 16)})`]
      : []),
    ...(bits === 64 && !carries.width && carries.traceIdBits === 128
      ? ['that the trace id had 64 bits: 16 zeros stand in front']
      : []),
    ...(parentId !== undefined && !carries.parentId ? [`the parent's own parent (${parentId})`] : []),
    ...(random && !carries.random ? ['the flag that the trace id is random'] : []),
    ...(tracestate !== '' && !carries.tracestate ? [`tracestate (${tracestate})`] : []),
    ...(carries.tracestate && !isCarried(context)
      ? ['the trace id as SkyWalking wrote it, which is too long for tracestate: another stands for it']
      : [])
  ]
}

/** False for a long id of SkyWalking's, mostly one of letters beyond ASCII. */
function isCarried({ traceId, spanId, residue }: TraceContext): boolean {
  const trace = residue?.get('sw8.trace')
  if (trace === undefined) return true
  const carry = { family: 'sw8', trace, segment: undefined, index: undefined, rpc: undefined } as const
  return writeCarry(carry, traceId, spanId) !== undefined
}
