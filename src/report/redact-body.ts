// Secrets in the first bytes of a body, which may be cut anywhere. Works on bytes as latin1 text, one character each, so
// that what is not redacted comes out as it went in. Must not throw on any input, nor take more than linear time.
import { isSecretKey } from '../rules/secret-keys.ts'
import { percentDecode } from '../trace/percent.ts'
import { redactJson } from './redact-json.ts'

/** Whether the value of this key is a secret. */
export type Secret = (key: string) => boolean

const redacted = 'REDACTED'

/** `contentType` as sent; `depth` is in how many bodies of many parts this one is. */
export function redactBody(
  text: string,
  contentType: string,
  secret: Secret = isSecretKey,
  depth: number = 0
): string {
  const kind = contentType.trim().toLowerCase()
  if (kind.startsWith('multipart/')) return redactMultipart(text, contentType, secret, depth)
  // Many a client says form and sends JSON.
  return kind.startsWith('application/x-www-form-urlencoded')
    ? redactPairs(redactJson(text, secret), secret)
    : redactText(text, secret)
}

/** Whatever secrets stand in a text of no known form: in JSON, and in URLs. */
export function redactText(text: string, secret: Secret = isSecretKey): string {
  return redactLinks(redactJson(text, secret), secret)
}

/** `key=value` pairs behind `&`: a form, or a query without `?`. https://url.spec.whatwg.org/#urlencoded-parsing */
export function redactPairs(text: string, secret: Secret = isSecretKey): string {
  return text
    .split('&')
    .map(pair => redactPair(pair, secret))
    .join('&')
}

/** A pair; some writers put others in it behind `;`. From the first secret on all of it goes. */
function redactPair(pair: string, secret: Secret): string {
  let from = 0
  for (const part of pair.split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0 && secret(percentDecode(part.slice(0, equals)))) {
      const value = from + equals + 1
      return value < pair.length ? `${redactLinks(pair.slice(0, value), secret)}${redacted}` : pair
    }
    from += part.length + 1
  }
  return redactLinks(pair, secret)
}

const keyCharacter = /[\w.%+[\]-]/
/** Characters of a key that are looked at, its last. */
const longestKey = 64
// To the end of the quotes that it opens, else of the word: a value may hold `;` and `#`. A quote before `,` or `}` opens
// nothing, but ends the string of JSON in which all of this stands.
const value = /"(?![,:}\]\s]|$)[^"\n]*"?|\\+"[^"\\]*(?:\\+")?|'[^'"\n]*'?|(?:[^&\s"<\\]|\\\/)+/y

/** Pairs in queries and fragments of URLs inside other text, and what stands before the `@` of a URL. */
export function redactLinks(text: string, secret: Secret = isSecretKey): string {
  let out = ''
  let from = 0
  for (let equals = text.indexOf('='); equals !== -1; equals = text.indexOf('=', equals + 1)) {
    if (equals < from) continue
    let start = equals
    const first = Math.max(from, equals - longestKey)
    while (start > first && keyCharacter.test(text[start - 1] ?? '')) start--
    if (start === equals || !secret(percentDecode(text.slice(start, equals)))) continue
    value.lastIndex = equals + 1
    if (!value.test(text)) continue
    out += `${text.slice(from, equals + 1)}${redacted}`
    from = value.lastIndex
  }
  return redactUserinfo(out + text.slice(from))
}

// Slashes may be escaped, in JSON. https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
const userinfo = /(:(?:\\?\/){2})[^\s/?#"'<>\\]+@/g

function redactUserinfo(text: string): string {
  return text.replace(userinfo, `$1${redacted}@`)
}

// https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
const boundaryParameter = /;\s*boundary="?([^\s";]{1,70})/i
const firstLine = /^--([^\r\n]{1,70})/
const blankLine = /\r?\n\r?\n/
const partName = /[;\s]name="?([^"\r\n;]{1,1024})/i
const partType = /(?:^|\n)content-type:[ \t]*([^\r\n]{1,1024})/i
/** Multipart inside multipart that is looked into. */
const deepest = 3

/** A header with the name, an empty line, up to the next delimiter. https://www.rfc-editor.org/rfc/rfc7578#section-4.2 */
function redactMultipart(text: string, contentType: string, secret: Secret, depth: number): string {
  if (depth > deepest) return redacted
  const boundary = (boundaryParameter.exec(contentType) ?? firstLine.exec(text))?.[1]
  if (boundary === undefined) return redactText(text, secret)
  // By the boundary alone: a key in PEM has dashes at the begin of a line, too.
  const delimiter = `\n--${boundary}`
  return text
    .split(delimiter)
    .map(part => redactPart(part, secret, depth))
    .join(delimiter)
}

function redactPart(part: string, secret: Secret, depth: number): string {
  const blank = blankLine.exec(part)
  if (blank === null) return redactText(part, secret)
  const start = blank.index + blank[0].length
  const header = part.slice(0, start)
  const body = part.slice(start)
  const name = partName.exec(header)?.[1]
  if (name !== undefined && secret(name)) return `${header}${redacted}${body.endsWith('\r') ? '\r' : ''}`
  return `${header}${redactBody(body, partType.exec(header)?.[1] ?? '', secret, depth + 1)}`
}
