// URLs, and parts of them, as rules write them. Text to value or undefined. Must not resolve or ask any.

function parseUrl(text: string): URL | undefined {
  // URL itself forgives spaces, tabs and line ends, which would then be gone from what people read.
  if (!/^https?:\/\/[\x21-\x7e]{1,2000}$/.test(text)) return undefined
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return undefined
  return url
}

/** The URL of an upstream: scheme, host and port, nothing behind. */
export function parseOrigin(text: string): URL | undefined {
  const url = parseUrl(text)
  return url !== undefined && url.pathname === '/' && url.search === '' && !/[?#]/.test(text)
    ? url
    : undefined
}

/** The URL that a back end takes spans at; no user and password in it. */
export function parseEndpoint(text: string): string | undefined {
  return parseUrl(text) === undefined ? undefined : text
}

// https://www.rfc-editor.org/rfc/rfc6454#section-6.2, and `*.` in front of the host for every host below it
const originPattern =
  /^https?:\/\/(?:\*\.)?(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,30}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/

/** `https://shop.example.com`, `https://*.example.com` or `*`, as browsers send it: lower case, no default port. */
export function parseAllowedOrigin(text: string): string | undefined {
  if (text === '*') return text
  const origin = text.toLowerCase()
  if (!originPattern.test(origin)) return undefined
  return origin.replace(/^(https:.*):443$|^(http:.*):80$/, '$1$2')
}

// https://www.rfc-editor.org/rfc/rfc9112#section-3.2.1 (origin-form), without what would have to be escaped
const healthPathPattern = /^\/[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]{0,1023}$/

/** The path, and query, that a health check asks for. */
export function parseHealthPath(text: string): string | undefined {
  return healthPathPattern.test(text) ? text : undefined
}
