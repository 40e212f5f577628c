// Which protocol a connection in plain text speaks: HTTP/2 begins with a preface that is no request. Must not answer.

// https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** By the first bytes of a connection, at least one; undefined while they could still be either. */
export function protocolOf(bytes: Buffer): 'http1' | 'h2' | undefined {
  const known = Math.min(bytes.length, preface.length)
  if (bytes.compare(preface, 0, known, 0, known) !== 0) return 'http1'
  return known === preface.length ? 'h2' : undefined
}
