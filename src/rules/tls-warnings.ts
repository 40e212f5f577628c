// What valid listeners do that their author may not expect, in words for newcomers.
import type { Rules } from './rules.ts'
import type { Settings } from './settings.ts'

/** Milliseconds, 14 days: renewed certificates are there long before. */
const soon = 14 * 86_400_000

/** `now` is in milliseconds since the Unix epoch. */
export function tlsWarnings({ listen }: Rules, { trust }: Settings, now = Date.now()): readonly string[] {
  const asks = listen.some(({ tls }) => tls !== undefined && tls.client !== 'none')
  const named = trust.flatMap(({ identities }, index) => (identities === undefined ? [] : [index]))
  return [
    ...(asks
      ? []
      : named.map(
          index =>
            `trust[${index}]: identity never holds, for no listener has tls.client-ca to verify certificates by`
        )),
    ...(named.length > 0
      ? []
      : listen.flatMap(({ tls }, index) =>
          tls?.client === 'ask'
            ? [`listen[${index}]: client certificates are asked for, but no entry of trust has an identity`]
            : []
        )),
    ...listen.flatMap(({ tls }, index) => certificateWarnings(tls, `listen[${index}]`, now))
  ]
}

function certificateWarnings(
  tls: Rules['listen'][number]['tls'],
  listener: string,
  now: number
): readonly string[] {
  const certificates = tls?.certificates ?? []
  const taken = new Set<string>()
  return certificates.flatMap(({ names, until }, index) => {
    const which = certificates.length === 1 ? listener : `${listener}, certificate ${index + 1}`
    const chosen = index === 0 || names.some(name => !taken.has(name))
    for (const name of names) taken.add(name)
    return [
      ...(chosen ? [] : [`${which}: no caller gets it, for it has no DNS name that one before it has not`]),
      ...(until <= now ? [`${which}: the certificate has expired`] : []),
      ...(until > now && until - now < soon ? [`${which}: the certificate expires on ${dateOf(until)}`] : [])
    ]
  })
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
