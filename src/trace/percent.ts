// Percent-encoded UTF-8, as several wires write text that their own characters cannot.

// https://www.rfc-editor.org/rfc/rfc3986#section-2.1
const escapes = /(?:%[0-9a-f]{2})+/gi

/** Decodes every escape; what is no UTF-8 becomes U+FFFD, and a percent sign that escapes nothing stays one. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(escapes, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

/** Decodes a text of which every percent sign escapes UTF-8; undefined for any other. */
export function strictDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Encodes the runs that `unsafe` finds; it is global, finds the percent sign, and splits no surrogate pair. */
export function percentEncode(text: string, unsafe: RegExp): string {
  return text.toWellFormed().replace(unsafe, encodeURIComponent)
}
