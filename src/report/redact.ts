// What of a URL may be written down: keys stay, values that open doors do not.

/**
 * Query keys whose values are secrets in a span's url.query, compared with case. The first seven are the default of
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/
 */
const secret: ReadonlySet<string> = new Set([
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
  'token',
  'access_token',
  'api_key',
  'apikey',
  'password',
  'secret',
  'code',
  'id_token',
  'client_secret'
])

// https://url.spec.whatwg.org/#urlencoded-parsing: a pair begins behind `&`; most queries have none of these
const secretPair = new RegExp(`(?:^|&)(?:${[...secret].join('|')})=`)

/** The query, without `?`, with the values of secret keys replaced. */
export function redactQuery(query: string): string {
  if (query === '' || !secretPair.test(query)) return query
  return query
    .split('&')
    .map(pair => {
      const equals = pair.indexOf('=')
      return equals > 0 && secret.has(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=REDACTED` : pair
    })
    .join('&')
}

/** Characters kept of a value that a caller chose. */
const longest = 256

/**
 * The beginning of a text, as one of its own: V8 keeps the whole that a slice was cut from for as long as the slice is
 * kept, and what waits for an exporter waits for minutes. `whole` is the length of what `text` may be a slice of.
 */
export function bounded(text: string, whole = text.length): string {
  if (whole <= longest) return text
  const cut = text.slice(0, longest)
  // Two bytes for each character give back what came, half of a surrogate pair included.
  return Buffer.from(cut, 'utf16le').toString('utf16le')
}
