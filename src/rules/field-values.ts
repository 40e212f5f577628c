// What stands in header fields as rules write it: their names, their values, and secrets in them. Text to value or
// undefined; it never says what a text was.
import { isMemberKey } from '../trace/tracestate.ts'
import { isFreeForSecret } from './owned-fields.ts'

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 (token)
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/

/** A field name, in lower case. */
export function parseFieldName(text: string): string | undefined {
  return tokenPattern.test(text) ? text.toLowerCase() : undefined
}

// https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and what says how long a body is
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

/** The name of a field that rules may put into a request of the gateway's own, in lower case. */
export function parseOwnFieldName(text: string): string | undefined {
  const name = parseFieldName(text)
  return name === undefined || ofConnection.has(name) ? undefined : name
}

/** The key of a member of tracestate. */
export function parseMemberKey(text: string): string | undefined {
  return isMemberKey(text) ? text : undefined
}

/** A method; they are case-sensitive, and all that are in use are upper case. */
export function parseMethod(text: string): string | undefined {
  return tokenPattern.test(text) && text === text.toUpperCase() ? text : undefined
}

// https://www.rfc-editor.org/rfc/rfc9110#section-5.5 (field-value, without obs-text)
const fieldValuePattern = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]{0,8190}[\x21-\x7e])?)?$/

/** The value of a field. */
export function parseFieldValue(text: string): string | undefined {
  return fieldValuePattern.test(text) ? text : undefined
}

// https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1 (cookie-name is a token)
export function parseCookieName(text: string): string | undefined {
  return tokenPattern.test(text) ? text : undefined
}

/** The name of the field that bears a secret, in lower case. */
export function parseSecretField(text: string): string | undefined {
  const name = parseFieldName(text)
  return name !== undefined && isFreeForSecret(name) ? name : undefined
}

/** The tokens of `admin.token`: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const bearerPattern = /^[A-Za-z0-9\-._~+/]{1,1024}={0,2}$/

export function parseBearer(text: string): string | undefined {
  return bearerPattern.test(text) ? text : undefined
}

// Long enough that nobody guesses it, and that an empty file is no secret.
const secretPattern = /^[\x21-\x7e]{16,1024}$/

export function parseSharedSecret(text: string): string | undefined {
  return secretPattern.test(text) ? text : undefined
}
