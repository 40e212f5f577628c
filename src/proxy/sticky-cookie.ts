// The cookie that keeps a caller on its side where it brought none: a random key, which means nothing to anybody. It does
// not choose the side: split.ts does, as if the caller had brought it.
import type { Sticky } from '../rules/split.ts'
import type { Ids } from '../trace/ids.ts'
import { type Asked, type Issued, saidOf } from './asked.ts'
import { named, removeFields } from './fields.ts'

/** With these in front of its name browsers take a cookie with Secure alone: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3 */
const securePrefix = /^__(?:host|secure|http)-/i

/**
 * What certain caches follow in place of Cache-Control: https://www.rfc-editor.org/rfc/rfc9213#section-2.1,
 * https://www.w3.org/TR/edge-arch/, https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid
 */
const cachePattern = /^(?:[a-z0-9-]{1,64}-cache-control|surrogate-control|x-accel-expires)$/i

/** Undefined where rules set none, or the caller has one. */
export function issued(sticky: Sticky | undefined, asked: Asked, ids: Ids): Issued | undefined {
  if (sticky?.set === undefined || saidOf(sticky, asked) !== undefined) return undefined
  return { name: sticky.name, value: ids.traceId() }
}

/**
 * Adds it to an answer, unless the upstream sets one of that name itself. No cache may keep the answer: everybody would be
 * of one side. https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
 */
export function setIssued({ name, value }: Issued, set: Sticky['set'], secure: boolean, out: string[]): void {
  for (let i = 0; i < out.length; i += 2) {
    if (named(out[i] ?? '', 'set-cookie') && out[i + 1]?.startsWith(`${name}=`) === true) return
  }
  const age = set === 'session' || set === undefined ? '' : `; Max-Age=${set}`
  const safe = secure || securePrefix.test(name) ? '; Secure' : ''
  removeFields(out, field => cachePattern.test(field))
  out.push('Set-Cookie', `${name}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${safe}`)
  out.push('Cache-Control', 'private')
}
