// What other servers may take a path for: they decode, merge slashes, cut parameters and climb in different orders, and
// some do it twice. Routes match bytes; a path that could be read as that of another route is how a rule is walked around.
// https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2

/** A path that all servers read alike has none of these: an escape, a parameter, a backslash, `//`, `/.` */
const suspicious = /[%;\\]|\/[./]/

// Control characters, and UTF-8 longer than it need be, in which old decoders find slashes.
// https://www.rfc-editor.org/rfc/rfc3629#section-10
const neverMeant = /%[01][0-9A-Fa-f]|%7[Ff]|%[Cc][01]%[89ABab]|%[Ee]0%[89]|%[Ff]0%8/
const brokenEscape = /%(?![0-9A-Fa-f]{2})/

const escapes = /%([0-9A-Fa-f]{2})/g
const parameters = /;[^/]*/g
const slashes = /\/{2,}/g
/** Segments that climb or stay, parameters or not: `/..;/` climbs behind Tomcat. */
const dots = /\/\.{1,2}(?:;[^/]*)?(?:\/|$)/
/** What no template has bare (pattern.ts). */
const notLiteral = /[^A-Za-z0-9\-._~!$&'()*+,=:@/]/g

/** More layers than this nobody wrote who meant well. */
const mostLayers = 3

const alone: readonly string[] = []

/** Every other way to read a path; none for nearly all; undefined for one that nobody sends who means well. */
export function readingsOf(path: string): readonly string[] | undefined {
  if (!suspicious.test(path)) return alone
  if (brokenEscape.test(path)) return undefined
  const whole = decode(path)
  const cut = decode(path.replace(parameters, ''))
  if (whole === undefined || cut === undefined) return undefined
  const readings = new Set<string>()
  for (const text of [whole, cut, whole.replace(/[?#].*$/s, '')]) {
    readings.add(simplify(text)).add(simplify(text.replaceAll('\\', '/')))
  }
  readings.delete(path)
  return [...readings]
}

/** A template whose literals are written as `readingsOf` writes them, so that the two can be compared. */
export function readTemplate(path: string): string {
  const segments = path.split('/').map(text => (/[%;]/.test(text) ? simplify(decode(text) ?? text) : text))
  return segments.join('/')
}

/** Escapes resolved until none is left; undefined where something climbs or hides. */
function decode(path: string): string | undefined {
  let text = path
  for (let layer = 0; layer <= mostLayers; layer++) {
    if (neverMeant.test(text)) return undefined
    const next = text.replace(escapes, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (next === text) return dots.test(text.replaceAll('\\', '/')) ? undefined : text
    text = next
  }
  return undefined
}

function simplify(path: string): string {
  return path
    .replace(parameters, '')
    .replace(slashes, '/')
    .replace(
      notLiteral,
      character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    )
}
