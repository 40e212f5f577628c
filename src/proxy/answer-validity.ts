// Which answers of upstreams are taken, beside RFC 9110 and 9112. What llhttp refuses by itself (framing that contradicts
// itself, folded lines, truncation) never comes here; test/proxy/matrix has both.
import { named } from './fields.ts'

/**
 * Whether this answer can be handed on. `coding` is its Transfer-Encoding: of others than chunked llhttp would give the
 * bytes as they are, and nothing would be left to say what they are. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
 */
export function isAnswer(status: number, coding: string | readonly string[] | undefined): boolean {
  // https://www.rfc-editor.org/rfc/rfc9110#section-15: llhttp lets 099 and 999 through; node:http would not send the
  // one, node:http2 neither.
  if (!(status >= 100 && status <= 599)) return false
  return coding === undefined || (typeof coding === 'string' && named(coding, 'chunked'))
}
