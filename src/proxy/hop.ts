// Fields that belong to one connection, and go no further.
// https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
import { isForwarding } from '../rules/owned-fields.ts'
import { named, type RawFields } from './fields.ts'

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  // https://www.rfc-editor.org/rfc/rfc7540#section-3.2.1
  'http2-settings',
  'proxy-connection',
  'keep-alive',
  // What a proxy is told by its own callers. https://www.rfc-editor.org/rfc/rfc9110#section-11.7
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

/** A peer may not nominate away what the gateway, the upstream or a proxy in front depends on. */
const protectedFields: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'cache-control',
  'location',
  'max-forwards',
  'strict-transport-security',
  'vary',
  'via'
])

function isProtected(name: string): boolean {
  return protectedFields.has(name) || name.startsWith('content-') || isForwarding(name)
}

const none: ReadonlySet<string> = new Set()

/** Lower-case names that the peer's Connection fields nominate. */
export function nominatedBy(fields: RawFields): ReadonlySet<string> {
  let names: Set<string> | undefined
  for (let i = 0; i < fields.length; i += 2) {
    if (!named(fields[i] ?? '', 'connection')) continue
    const value = fields[i + 1] ?? ''
    // What nearly every request says needs no parsing.
    if (value === 'keep-alive' || value === 'close') continue
    for (const token of value.split(',')) {
      const name = token.trim().toLowerCase()
      if (name === '' || isProtected(name)) continue
      names ??= new Set()
      names.add(name)
    }
  }
  return names ?? none
}

/** Most names are as long as none of them. */
const lengths: readonly boolean[] = Array.from({ length: 32 }, (_, length) =>
  [...hopByHop].some(name => name.length === length)
)

/** True for a field, by its lower-case name, that ends at this hop. */
export function endsHere(name: string, nominated: ReadonlySet<string>): boolean {
  return (lengths[name.length] === true && hopByHop.has(name)) || (nominated.size > 0 && nominated.has(name))
}
