// Fills in what rules leave out about callers, and shows it to people again. Must not judge any (callers.ts).
import type { Located } from './located.ts'
import { formatRange } from './ranges.ts'
import { hideSecret } from './references.ts'
import type { SecretSettings } from './secret.ts'
import type { TrustSettings } from './settings.ts'
import type { Decoded, DecodedTrust } from './shape.ts'
import { optional, type Shown } from './shown.ts'
import { writtenAt } from './written.ts'

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

/** `node` is what the entry came from; it knows how its secret was written. */
export function showTrust(
  { from, identities, origins, secret, context }: TrustSettings,
  node: Located | undefined
): Shown {
  const key = secret?.kind === 'hmac' ? 'hmac' : 'value'
  const shown = secret && { header: secret.header, [key]: hideSecret(writtenAt(node, ['secret', key])) }
  return {
    from: formatRange(from),
    ...optional('identity', identities),
    ...optional('origin', origins),
    ...optional('secret', shown),
    context
  }
}
