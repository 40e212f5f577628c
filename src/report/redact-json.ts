// Secrets in JSON that may be cut anywhere, or stand in the midst of other text, or as a string inside JSON.
// Works on text as it came, for what is not redacted must come out as it went in. Linear in its length.

// White space between a key and its value; inside a string it is escaped. https://www.rfc-editor.org/rfc/rfc8259#section-2
const colon = /(?:\s|\\+[nrt])*:(?:\s|\\+[nrt])*/y

/** Nothing, and what can be guessed anyway. */
const plain = /^(?:null|true|false|(\\*")\1|)$/

const escaped = /\\+u([0-9A-Fa-f]{4})/g

/** Values of secret keys, whatever they hold, up to where the text was cut. */
export function redactJson(text: string, secret: (key: string) => boolean): string {
  let out = ''
  let from = 0
  // Text between any two quotes may be a key: who counts quotes in pairs is misled by a single one before.
  let at = text.indexOf('"')
  for (let next = text.indexOf('"', at + 1); at !== -1 && next !== -1; next = text.indexOf('"', at + 1)) {
    const level = levelOf(slashesBefore(text, next))
    const value = valueBehind(text, next + 1)
    if (value === -1 || !secret(unescaped(text.slice(at + 1, next)))) {
      at = next
      continue
    }
    const end = endOfValue(text, value, level)
    if (!plain.test(text.slice(value, end))) {
      const quote = `${'\\'.repeat(level)}"`
      out += `${text.slice(from, value)}${quote}REDACTED${quote}`
      from = end
    }
    at = text.indexOf('"', end)
  }
  return out + text.slice(from)
}

/**
 * Backslashes that a quote has for standing in strings within strings, of those before it: the rest are pairs that the key
 * ends with. 0, 1, 3 and so on.
 */
function levelOf(slashes: number): number {
  return ((slashes + 1) & -(slashes + 1)) - 1
}

function slashesBefore(text: string, at: number): number {
  let i = at
  while (text[i - 1] === '\\') i--
  return at - i
}

/** Where the value begins whose key ended before `at`; -1 where it was no key. */
function valueBehind(text: string, at: number): number {
  colon.lastIndex = at
  return colon.test(text) ? colon.lastIndex : -1
}

/** `level` is how many backslashes stand before the quotes of its key. */
function endOfValue(text: string, at: number, level: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const character = text[i]
    if (character === '"') {
      const slashes = Math.min(slashesBefore(text, i), i - at)
      // The string ends that all of this stood in.
      if (levelOf(slashes) < level) return i
      i = endOfString(text, i, slashes) - 1
      if (depth === 0) return i + 1
    } else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth < 2) return depth === 0 ? i : i + 1
      depth--
    } else if (depth === 0 && (character === ',' || /\s/.test(character ?? ''))) return i
  }
  return text.length
}

/** The place behind the quote that closes what opens at `at`, by a quote with as many backslashes before it. */
function endOfString(text: string, at: number, level: number): number {
  for (let i = text.indexOf('"', at + 1); i !== -1; i = text.indexOf('"', i + 1)) {
    const slashes = Math.min(slashesBefore(text, i), i - at - 1)
    // A backslash that is meant as one is doubled at each level.
    if (slashes < level || slashes % (2 * level + 2) === level) return i + 1
  }
  return text.length
}

/** A key may be written with escapes, to be read all the same. */
function unescaped(key: string): string {
  if (!key.includes('\\')) return key
  return key.replace(escaped, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
