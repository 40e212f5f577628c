// Addresses that the gateway listens on: bound in order, compared at a reload, and in words where they cannot be had.
import type { Admin } from '../admin/server.ts'
import type { Bound } from '../proxy/gateway.ts'
import type { Gauges } from '../report/metrics.ts'
import { formatAddress } from '../rules/address.ts'
import type { Listen, Listener } from '../rules/listener.ts'
import type { Rules } from '../rules/rules.ts'

/** It cannot begin, most often for an address that cannot be listened on; the message is for people. */
export class ListenError extends Error {}

/** Rejects with a ListenError for an address that cannot be had. Without `admin` there is no admin listener. */
export async function bind(
  rules: Rules,
  listen: (where: Listener) => Promise<Bound>,
  admin: Admin | undefined
): Promise<{ listen: Bound[]; admin: Listen }> {
  const bound: Bound[] = []
  for (const where of rules.listen) bound.push(await listen(where).catch(unlistened('listen', where)))
  if (admin === undefined) return { listen: bound, admin: rules.admin }
  return { listen: bound, admin: await admin.listen(rules.admin).catch(unlistened('admin', rules.admin)) }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is taken by another process'],
  ['EACCES', 'needs rights that this process does not have'],
  ['EADDRNOTAVAIL', 'is no address of this machine']
])

/** Says in words why an address cannot be had. */
export function unlistened(flag: string, { host, port }: Listen): (error: NodeJS.ErrnoException) => never {
  return error => {
    const reason = reasons.get(error.code ?? '') ?? `cannot be listened on (${error.code ?? error.message})`
    throw new ListenError(`${host}:${port} ${reason}; choose another with --${flag}`)
  }
}

/** Until when the certificates of all listeners are good, as metrics have it. */
export function certificatesOf({ listen }: Rules): ReturnType<Gauges['certificates']> {
  return listen.flatMap(({ host, port, tls }) =>
    (tls?.certificates ?? []).map(
      ({ names: [name = ''], until }, index) =>
        [formatAddress({ host, port }), `${index + 1} ${name}`.trim(), until] as const
    )
  )
}
