// Secrets in the first bytes of a body, which may be cut anywhere. Works on bytes as latin1 text, one character each, so
// that what is not redacted comes out as it went in. Must not throw on any input, nor take more than linear time.
import { percentDecode } from '../trace/percent.ts'
import { isSecretKey } from './redact.ts'

/** Whether the value of this key is a secret. */
export type Secret = (key: string) => boolean

const redacted = 'REDACTED'

/** `contentType` as sent. */
export function redactBody(text: string, contentType: string, secret: Secret = isSecretKey): string {
  const kind = contentType.trim().toLowerCase()
  if (kind.startsWith('multipart/')) return redactMultipart(text, secret)
  // Many a client says form and sends JSON.
  const json = redactJson(text, secret)
  return kind.startsWith('application/x-www-form-urlencoded')
    ? redactPairs(json, secret)
    : redactLinks(json, secret)
}

/** `key=value` pairs behind `&`: a form, or a query without `?`. https://url.spec.whatwg.org/#urlencoded-parsing */
export function redactPairs(text: string, secret: Secret = isSecretKey): string {
  return text
    .split('&')
    .map(pair => {
      const equals = pair.indexOf('=')
      const open = equals > 0 && secret(percentDecode(pair.slice(0, equals)))
      return open && equals < pair.length - 1 ? `${pair.slice(0, equals)}=${redacted}` : pair
    })
    .join('&')
}

// A pair in the query of a URL, wherever that stands.
const linked = /(^|[?&\s])([\w.%+[\]-]{1,64})=([^&#\s"'<>\\]+)/g

/** Pairs in the queries of URLs inside other text. */
export function redactLinks(text: string, secret: Secret = isSecretKey): string {
  return text.replace(linked, (all: string, before: string, key: string) =>
    secret(percentDecode(key)) ? `${before}${key}=${redacted}` : all
  )
}

const partName = /[;\s]name="?([^"\r\n;]{1,128})/i

/** A header with the name, an empty line, up to the next delimiter. https://www.rfc-editor.org/rfc/rfc7578#section-4.2 */
function redactMultipart(text: string, secret: Secret): string {
  return text
    .split('\r\n--')
    .map(part => {
      const end = part.indexOf('\r\n\r\n')
      const name = end === -1 ? undefined : partName.exec(part.slice(0, end))?.[1]
      return name !== undefined && secret(name) ? `${part.slice(0, end + 4)}${redacted}` : part
    })
    .join('\r\n--')
}

/** Values of secret keys, whatever they hold, up to where the text was cut. https://www.rfc-editor.org/rfc/rfc8259 */
function redactJson(text: string, secret: Secret): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    const key = at + 1
    at = endOfString(text, at)
    const value = valueBehind(text, at)
    if (value === -1 || !secret(unescaped(text.slice(key, at - 1)))) continue
    const end = endOfValue(text, value)
    at = end
    if (plain.test(text.slice(value, end))) continue
    out += `${text.slice(from, value)}"${redacted}"`
    from = end
  }
  return out + text.slice(from)
}

/** Nothing, and what can be guessed anyway. */
const plain = /^(?:null|true|false|""|)$/

/** The place behind the quote that closes what opens at `at`. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
  }
  return text.length
}

/** Where the value begins whose key ended at `at`; -1 where it was no key. */
function valueBehind(text: string, at: number): number {
  const colon = skipSpace(text, at)
  return text[colon] === ':' ? skipSpace(text, colon + 1) : -1
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++
  return i
}

function endOfValue(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const character = text[i]
    if (character === '"') {
      i = endOfString(text, i) - 1
      if (depth === 0) return i + 1
    } else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth < 2) return depth === 0 ? i : i + 1
      depth--
    } else if (depth === 0 && (character === ',' || /\s/.test(character ?? ''))) return i
  }
  return text.length
}

const escaped = /\\u([0-9A-Fa-f]{4})/g

/** A key may be written with escapes, to be read all the same. */
function unescaped(key: string): string {
  if (!key.includes('\\')) return key
  return key.replace(escaped, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
