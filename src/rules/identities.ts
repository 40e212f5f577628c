// Which identities an entry of trust means: some by name, and all below a URI. Must not read certificates (tls-names.ts).
import { parseIdentity } from './tls-names.ts'

/** `spiffe://example.org/ns/shop/sa/orders`, all below with `/*` at its end, `orders.shop.svc` or `CN=orders`. */
export function parseIdentityRule(text: string): string | undefined {
  if (!text.endsWith('/*')) return parseIdentity(text)
  const above = text.slice(0, -2)
  return above.includes('://') && !above.endsWith('/') && parseIdentity(above) === above ? text : undefined
}

/** Makes the test whether any of a caller's identities is meant. */
export function createIdentities(rules: readonly string[]): (identities: readonly string[]) => boolean {
  const exact = new Set(rules.filter(rule => !rule.endsWith('*')))
  // `spiffe://example.org/ns/shop/`: what is below begins with it, and is longer.
  const above = rules.filter(rule => rule.endsWith('*')).map(rule => rule.slice(0, -1))
  const means = (identity: string) =>
    exact.has(identity) ||
    above.some(prefix => identity.length > prefix.length && identity.startsWith(prefix))
  return identities => identities.some(means)
}
