// How far a caller is believed, and who it speaks for. Pure; it reads no trace.
import type { Read } from '../dialects/dialect.ts'
import type { Trust } from '../mediate/policy.ts'
import type { Rules } from '../rules/rules.ts'
import { clientOf } from './client.ts'

export type Standing = {
  readonly trust: Trust
  /** What it says of those before it is believed. */
  readonly forwarding: boolean
  /** The address of who is at the far end, as far as anybody can tell. */
  readonly client: string
}

/** What a caller shows of itself. */
export type Shown = {
  readonly address: string
  readonly read: Read
  readonly identities: readonly string[]
  readonly method: string
  /** As it came. */
  readonly target: string
}

export function standingOf({ trust, front }: Rules, shown: Shown): Standing {
  const { address, read, identities, method, target } = shown
  const { context, forwarding } = trust({ address, read, identities, method, target, now: Date.now })
  const { isProxy } = front
  if (isProxy === undefined) return { trust: context, forwarding, client: address }
  return {
    trust: context,
    forwarding: isProxy(address),
    client: clientOf(read('x-forwarded-for'), isProxy, address)
  }
}
