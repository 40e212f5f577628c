// Text in standard base64, as SkyWalking's headers hold it: read with or without padding, written with it.

// https://www.rfc-editor.org/rfc/rfc4648#section-4
const pattern = /^[A-Za-z0-9+/]*={0,2}$/

/** The text; undefined when it is not base64, or not of UTF-8. */
export function decodeText(encoded: string): string | undefined {
  if (!pattern.test(encoded)) return undefined
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0
  const digits = encoded.length - padding
  if (digits % 4 === 1 || (padding > 0 && encoded.length % 4 !== 0)) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  const text = bytes.toString('utf8')
  // Bytes that are no UTF-8 were replaced, so that they no longer come to the same length or bytes.
  return text.includes('\ufffd') && !Buffer.from(text).equals(bytes) ? undefined : text
}

export function encodeText(text: string): string {
  return Buffer.from(text).toString('base64')
}
