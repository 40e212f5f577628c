// Entries of trust that never match, or believe what any program can say.
import type { Settings } from './settings.ts'

export function trustWarnings({ trust }: Settings): readonly string[] {
  const any = trust.findIndex(
    ({ from, identities, origins, secret }) =>
      from.kind === 'any' && [identities, origins, secret].every(each => each === undefined)
  )
  const after = any === -1 ? 0 : trust.length - any - 1
  const claims = trust.flatMap(({ from, identities, origins, secret, context }, index) => {
    const proven = from.kind !== 'any' || secret !== undefined || identities !== undefined
    return context === 'continue' && origins !== undefined && !proven ? [index] : []
  })
  return [
    ...(after === 0 ? [] : [`trust: ${after} after "from: any" can never match; the first match wins`]),
    ...claims.map(
      index =>
        `trust[${index}]: origin alone is no proof, for any program can send it: who does has its trace continued`
    )
  ]
}
