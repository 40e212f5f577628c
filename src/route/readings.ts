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
const query = /[?#].*$/s
const slashes = /\/{2,}/g
/** Segments that climb or stay, parameters or not: `/..;/` climbs behind Tomcat. */
const dots = /\/\.{1,2}(?:;[^/]*)?(?:\/|$)/
/** What no template has bare (pattern.ts). */
const notLiteral = /[^A-Za-z0-9\-._~!$&'()*+,=:@/]/g

/** More layers than this nobody wrote who meant well, nor as many readings as this. */
const mostLayers = 3
const mostReadings = 16
/** Characters to look through, over all ways to read it: four times what 8 KiB of one layer take. */
const mostWork = 128 * 1024

const alone: readonly string[] = []

/** Every other way to read a path; none for nearly all; undefined for one that nobody sends who means well. */
export function readingsOf(path: string): readonly string[] | undefined {
  if (!suspicious.test(path)) return alone
  if (brokenEscape.test(path)) return undefined
  const readings = new Set<string>()
  let texts = new Set([path])
  let work = 0
  for (let layer = 0; texts.size > 0; layer++) {
    if (layer > mostLayers || texts.size > mostReadings || readings.size > mostReadings) return undefined
    const deeper = new Set<string>()
    for (const text of texts) {
      if (neverMeant.test(text)) return undefined
      for (const cut of cutsOf(text)) {
        work += cut.length
        if (work > mostWork) return undefined
        const next = unescaped(cut)
        if (next !== cut) deeper.add(next)
        else if (dots.test(cut.replaceAll('\\', '/'))) return undefined
        else readings.add(simplify(cut))
      }
    }
    texts = deeper
  }
  readings.delete(path)
  return [...readings]
}

/** What is left of it where parameters, query and fragment are cut off, in any order or not at all. */
function cutsOf(text: string): Set<string> {
  const cuts = new Set([text])
  // Those that are added are looked at as well.
  for (const cut of cuts) {
    cuts.add(cut.replaceAll('\\', '/')).add(cut.replace(parameters, '')).add(cut.replace(query, ''))
  }
  return cuts
}

/** A template whose literals are written as `readingsOf` writes them, so that the two can be compared. */
export function readTemplate(path: string): string {
  const segments = path.split('/').map(text => (/[%;]/.test(text) ? simplify(decode(text) ?? text) : text))
  return segments.join('/')
}

/** One layer of escapes resolved. */
function unescaped(text: string): string {
  return text.replace(escapes, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** All of them. */
function decode(path: string): string | undefined {
  let text = path
  for (let layer = 0; layer <= mostLayers; layer++) {
    const next = unescaped(text)
    if (next === text) return text
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
