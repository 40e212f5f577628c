// A request of HTTP/1 as node:http reads it, but for `headers`: node:http asks it for framing and Expect alone,
// everybody else reads `rawHeaders`, and an object of all fields costs as much as to parse them.
import { type IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { fieldOf, type RawFields } from './fields.ts'

/** A class, because node:http makes its own. */
export class Request extends IncomingMessage {
  #asked: IncomingHttpHeaders | undefined

  static {
    // Not an accessor of the class: for TypeScript it is a plain property that this stands in place of.
    Object.defineProperty(Request.prototype, 'headers', {
      get(this: Request) {
        this.#asked ??= askedOf(this.rawHeaders)
        return this.#asked
      }
    })
  }
}

// Not TE, by which node:http would send chunks to a caller that speaks HTTP/1.0; what stands between may not know them:
// https://www.rfc-editor.org/rfc/rfc9112#section-6.1
const asked = ['content-length', 'transfer-encoding', 'expect'] as const

function askedOf(fields: RawFields): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  for (const name of asked) {
    const value = fieldOf(fields, name)
    if (value !== undefined) headers[name] = value
  }
  return headers
}
