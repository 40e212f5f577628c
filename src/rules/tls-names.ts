// What a certificate calls its holder. Certificates of callers are bytes from the wire: what is not plainly one of the
// names below is no name, never an exception.
import type { X509Certificate } from 'node:crypto'

/** What is read of a certificate; there need be neither, whatever Node's type says. */
type Subject = { readonly [K in 'subject' | 'subjectAltName']: X509Certificate[K] | undefined }

// Values that could be mistaken for two stand in quotes: https://nodejs.org/api/crypto.html#x509subjectaltname
const alternativePattern = /(?:^|, )([A-Za-z ]{1,32}):("(?:[^"\\]|\\.){0,4096}"|[^",]{0,4096})(?=, |$)/gy

// https://www.rfc-editor.org/rfc/rfc1123#section-2.1, and the underscore that names of services have
const hostPattern = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62})){0,30}$/

// https://www.rfc-editor.org/rfc/rfc3986#section-3, of any scheme with an authority; 2048 bytes as SPIFFE has it:
// https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#23-maximum-spiffe-id-length
const uriPattern = /^(?=.{1,2048}$)[a-z][a-z0-9+.-]{0,31}:\/\/[A-Za-z0-9._~:/?#@!$&'()+;=%-]+$/
// `a/../b` reads as being below `a`.
const dotted = /\/(?:\.|%2e){1,2}(?:\/|%2f|$)/i

// As OpenSSL writes it on a line of its own; what it had to escape is not taken.
// https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1 (ub-common-name)
const commonNamePattern = /^CN=[A-Za-z0-9._:@/=-](?:[A-Za-z0-9 ._:@/=-]{0,62}[A-Za-z0-9._:@/=-])?$/

/** `spiffe://example.org/ns/shop`, `orders.shop.svc` or `CN=orders` as an identity: no two kinds look alike. */
export function parseIdentity(text: string): string | undefined {
  if (uriPattern.test(text)) return dotted.test(text) ? undefined : text
  if (text.startsWith('CN=')) return commonNamePattern.test(text) ? text : undefined
  return parseHostName(text)
}

/** In lower case; no wildcard. */
export function parseHostName(text: string): string | undefined {
  const name = text.toLowerCase()
  return hostPattern.test(name) ? name : undefined
}

/** DNS names that a server's certificate is for, `*.` in front of some, in lower case. */
export function serverNamesOf(certificate: Subject): readonly string[] {
  return alternativesOf(certificate, 'DNS').flatMap(name => {
    const wild = name.startsWith('*.')
    const host = parseHostName(wild ? name.slice(2) : name)
    return host === undefined ? [] : [wild ? `*.${host}` : host]
  })
}

/** All that a client's certificate calls its holder: URIs, then DNS names, then the common name. */
export function identitiesOf(certificate: Subject): readonly string[] {
  const uris = alternativesOf(certificate, 'URI')
  // Whoever has two is to be refused: https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id
  const spiffe = uris.length > 1 && uris.some(uri => uri.toLowerCase().startsWith('spiffe:'))
  return [
    ...(spiffe ? [] : uris.filter(uri => uri.includes('://')).flatMap(uri => parseIdentity(uri) ?? [])),
    ...alternativesOf(certificate, 'DNS').flatMap(name => parseHostName(name) ?? []),
    ...commonNameOf(certificate)
  ]
}

function alternativesOf({ subjectAltName }: Subject, kind: string): readonly string[] {
  const text = subjectAltName ?? ''
  const found = [...text.matchAll(alternativePattern)]
  // Half of it proves nothing about the other half.
  if (found.reduce((length, [whole]) => length + whole.length, 0) !== text.length) return []
  return found.flatMap(([, type, value = '']) => (type === kind ? [value] : []))
}

/** The only one; of several none is meant more than another. */
function commonNameOf({ subject }: Subject): readonly string[] {
  const lines = (subject ?? '').split('\n').filter(line => line.startsWith('CN='))
  return lines.length === 1 ? lines.filter(line => commonNamePattern.test(line)) : []
}
