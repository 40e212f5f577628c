// Who waits for an answer of an upstream and cares for none of it; tests say what they do care for.
import type { Strip } from '../src/mediate/policy.ts'
import type { Recipient } from '../src/proxy/recipient.ts'

/** For requests whose trailers are nobody's business. */
export const nothingStripped: Strip = { fields: new Set(), prefixes: [] }

export function deaf(): Recipient {
  return {
    carrier: undefined,
    onRequestStart: () => {},
    onResponseStarted: () => {},
    onResponseStart: () => {},
    onResponseData: () => {},
    onResponseEnd: () => {},
    onResponseError: () => {}
  }
}
