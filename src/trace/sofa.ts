// SOFATracer's single header, sftc_head: `tcid=…&spid=…&pspid=…&sample=true&` and baggage, as a whole URL-encoded.
// https://github.com/sofastack/sofa-tracer, AbstractTextFormatter
import { strictDecode } from './percent.ts'

/** As for every header of ids that has no bound of its own; its baggage is read up to the same. */
export const maxSofaHead = 1024

export type SofaHead = {
  readonly trace: string | undefined
  readonly rpc: string | undefined
  readonly parent: string | undefined
  readonly sampled: string | undefined
}

/** Reads the header: what it names first counts. Undefined when it is too long, or its encoding is none. */
export function readSofaHead(value: string): SofaHead | undefined {
  // Some senders leave the encoding to a layer that has none.
  const encoded = !value.includes('=')
  const text = value.length > maxSofaHead ? undefined : encoded ? strictDecode(value) : value
  if (text === undefined) return undefined
  const parts = new Map<string, string>()
  for (const part of text.split('&')) {
    const at = part.indexOf('=')
    const key = part.slice(0, at)
    if (at > 0 && !parts.has(key)) parts.set(key, part.slice(at + 1))
  }
  return {
    trace: parts.get('tcid'),
    rpc: parts.get('spid'),
    parent: parts.get('pspid'),
    sampled: parts.get('sample')
  }
}
