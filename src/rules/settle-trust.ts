// Fills in what rules leave out about callers. Must not judge any (callers.ts).
import type { SecretSettings } from './secret.ts'
import type { TrustSettings } from './settings.ts'
import type { Decoded, DecodedTrust } from './shape.ts'

const unconditional = { identities: undefined, origins: undefined, secret: undefined } as const

const byDefault: readonly TrustSettings[] = [
  { ...unconditional, from: { kind: 'loopback' }, context: 'continue' },
  { ...unconditional, from: { kind: 'private' }, context: 'continue' },
  { ...unconditional, from: { kind: 'any' }, context: 'restart' }
]

/** With no block, private callers continue and others restart. */
export function settleTrust(given: Decoded['trust']): readonly TrustSettings[] {
  return given?.map(settleEntry) ?? byDefault
}

function settleEntry({ from, identity, origin, secret, context }: DecodedTrust): TrustSettings {
  return {
    from: from ?? { kind: 'any' },
    identities: identity,
    origins: origin,
    secret: secret === undefined ? undefined : settleSecret(secret),
    context
  }
}

/** One of the two is there: complained of before this runs. */
function settleSecret({ header, value, hmac }: NonNullable<DecodedTrust['secret']>): SecretSettings {
  return hmac === undefined
    ? { kind: 'shared', header, secret: value ?? '' }
    : { kind: 'hmac', header, secret: hmac }
}
