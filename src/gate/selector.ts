// Which targets a side consists of, as flags and queries name it: `service.tag=gray`, or several tags joined by commas.
// Whatever rules allow as a tag can be named: what has a sign of this notation in it stands in quotes.

export type Selector = {
  /** As written. */
  readonly text: string
  readonly tags: readonly (readonly [key: string, value: string])[]
}

const quoted = String.raw`"((?:[^"\\]|\\["\\])+)"`
const tagPattern = new RegExp(`(?:${quoted}|([^"=,][^=,]*))=(?:${quoted}|([^",][^,]*))(?:,(?=.)|$)`, 'uy')

const linePattern = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,256}$/u

/** Undefined for what is not written so. */
export function parseSelector(text: string): Selector | undefined {
  const tags: (readonly [string, string])[] = []
  let at = 0
  while (at < text.length) {
    tagPattern.lastIndex = at
    const found = tagPattern.exec(text)
    if (found === null) return undefined
    const [whole, quotedKey, bareKey = '', quotedValue, bareValue = ''] = found
    const key = quotedKey === undefined ? bareKey : unescaped(quotedKey)
    const value = quotedValue === undefined ? bareValue : unescaped(quotedValue)
    if (!isTagText(key) || !isTagText(value)) return undefined
    tags.push([key, value])
    at += whole.length
  }
  return tags.length === 0 ? undefined : { text, tags }
}

/** On one line; a blank at an end would be somebody's mistake. */
function isTagText(text: string): boolean {
  return linePattern.test(text) && text === text.trim()
}

/** One tag as a selector names it. */
export function writeTag(key: string, value: string): string {
  return `${/^"|[=,]/.test(key) ? escaped(key) : key}=${/^"|,/.test(value) ? escaped(value) : value}`
}

function unescaped(text: string): string {
  return text.replace(/\\(["\\])/g, '$1')
}

function escaped(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Whether a target with these tags is of this side. */
export function selects({ tags }: Selector, of: ReadonlyMap<string, string>): boolean {
  return tags.every(([key, value]) => of.get(key) === value)
}
