// What a caller shows of itself, for tests of trust.
import { createFieldReader } from '../../src/proxy/fields.ts'
import type { Credentials } from '../../src/rules/rules.ts'

/** A GET of / from an address; fields as on the wire, name and value, flat. */
export function showing(address: string, fields: readonly string[] = []): Credentials {
  const { load, read } = createFieldReader()
  load(fields)
  return { address, read, identities: [], method: 'GET', target: '/', now: Date.now }
}

/** Nothing but its address: to read a field is an error. */
export function unread(address: string): Credentials {
  const read = (field: string) => {
    throw new Error(`${field} was read`)
  }
  return { ...showing(address), read }
}
