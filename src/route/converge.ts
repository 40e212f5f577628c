// Paths of a route that takes any, told in few words: what looks like an id becomes {id}, a date {date}.
// For names and labels only: what is sent on is never touched.

/** Segments that are told apart; what lies deeper is `**`. */
const deepest = 8
/** A word of an API is shorter; what is longer is data. */
const longest = 40
/** So many paths one route may name; a path beyond them goes by the route's own template. */
const most = 100

// https://www.rfc-editor.org/rfc/rfc9562#section-4
const uuid = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i
const number = /^[+-]?\d{1,40}(?:[.,:]\d{1,40}){0,4}$/
// Digests and object ids; shorter runs are words such as `cafe`, unless a digit is among them.
const hex = /^(?=.*\d)[0-9a-f]{7,}$/i
// https://www.rfc-editor.org/rfc/rfc3339#section-5.6, whole or in part; week and quarter as reports have them
const date = /^\d{4}-(?:\d{1,2}(?:-\d{1,2}(?:[Tt_].{0,30})?)?|[Ww]\d{1,2}|[Qq][1-4])$/
// ULID, KSUID, nanoid, base64: letters and digits without a break, too mixed for a word.
const token = /^(?=(?:[^\d]*\d){3})[A-Za-z0-9_-]{16,}={0,2}$/
// `order-1729`, `inv_00012`: a word that only a number tells apart from its like.
const numbered = /^([A-Za-z]{1,16})[-_:.]\d{2,20}$/
// Most segments: nothing below takes a text without digits that is too short for a UUID.
const plain = /^[A-Za-z._~-]{1,31}$/
// Unreserved, as words of an API are: https://www.rfc-editor.org/rfc/rfc3986#section-2.3
const word = /^[A-Za-z0-9._~-]+$/

/** One segment as it is named; low in cardinality for ids of the usual kinds. */
function nameOf(segment: string): string {
  if (plain.test(segment)) return segment
  if (segment.length > longest || number.test(segment) || uuid.test(segment)) return '{id}'
  if (date.test(segment)) return '{date}'
  const kind = numbered.exec(segment)?.[1]
  if (kind !== undefined && kind !== 'v') return `${kind}-{id}`
  return !word.test(segment) || hex.test(segment) || token.test(segment) ? '{id}' : segment
}

/** A path with its ids taken out, of `deepest` segments at most. Pure; its cost grows with the path alone. */
export function converge(path: string): string {
  let named = ''
  let at = path.indexOf('/')
  for (let segments = 0; at !== -1; segments++) {
    if (segments === deepest) return `${named}/**`
    const next = path.indexOf('/', at + 1)
    const segment = path.slice(at + 1, next === -1 ? path.length : next)
    named += segment === '' ? '/' : `/${nameOf(segment)}`
    at = next
  }
  return named === '' ? '/' : named
}

/**
 * Makes the names of one route's paths. Only an answer that is no error makes a new one: whoever tries paths that do
 * not exist fills no table.
 */
export function createNames(template: string): (path: string, status: number) => string {
  const names = new Set<string>()
  return (path, status) => {
    if (!path.startsWith('/')) return template
    const name = converge(path)
    if (names.has(name)) return name
    if (status >= 400 || names.size >= most) return template
    names.add(name)
    return name
  }
}
