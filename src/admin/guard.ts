// Who may ask the admin listener for what. A page in somebody's browser must not reach it through a rebound name.
// https://owasp.org/www-community/attacks/DNS_Rebinding
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'

export type AdminRequest = {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly authorization: string | undefined
}

/** Why a call that changes something is refused: its status and a message; undefined when it may go on. */
export function refusal(
  request: AdminRequest,
  bound: string,
  token: string | undefined
): { readonly status: 401 | 403; readonly message: string } | undefined {
  const host = hostname(request.host ?? '')
  if (isIP(host) === 0 && host !== 'localhost' && host !== bound.toLowerCase()) {
    return { status: 403, message: 'Host names neither an address nor this listener' }
  }
  if (request.origin !== undefined && request.origin !== `http://${request.host}`) {
    return { status: 403, message: 'pages of another origin may not change anything here' }
  }
  if (token !== undefined && !same(request.authorization, `Bearer ${token}`)) {
    return { status: 401, message: 'a bearer token is required' }
  }
  return undefined
}

function hostname(authority: string): string {
  const colon = authority.lastIndexOf(':')
  const host = colon > authority.lastIndexOf(']') ? authority.slice(0, colon) : authority
  return host.replace(/^\[|\]$/g, '').toLowerCase()
}

// Schemes are compared without regard to case: https://www.rfc-editor.org/rfc/rfc9110#section-11.1
const schemePattern = /^bearer {1,8}/i

/** In a time that does not tell how much of it was right. */
function same(given: string | undefined, wanted: string): boolean {
  return timingSafeEqual(digest((given ?? '').replace(schemePattern, 'Bearer ')), digest(wanted))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
