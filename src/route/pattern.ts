// What a host pattern and a path template may look like, read once when rules load.
// Must not see requests: the table walks what is parsed here.

/** One step of a path: a literal segment, any one non-empty segment, or all the rest. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'rest' }

/** Why a text is no pattern, in the words of a complaint: `expected …`. */
export type Refused = { readonly kind: 'refused'; readonly why: string }

export type Template = { readonly kind: 'template'; readonly segments: readonly Segment[] }

/** `exact` is a whole host; `below` is what a host must end in, with its dot, for `*.` patterns. */
export type HostPattern =
  | { readonly kind: 'exact'; readonly host: string }
  | { readonly kind: 'below'; readonly suffix: string }

function refused(why: string): Refused {
  return { kind: 'refused', why }
}

// https://www.rfc-editor.org/rfc/rfc3986#section-3.3 (pchar; a percent sign only before two hex digits)
const literalPattern = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*$/
const paramPattern = /^\{[A-Za-z_][A-Za-z0-9_.-]{0,63}\}$/

function parseSegment(text: string, last: boolean): Segment | Refused {
  if (text === '**') return last ? { kind: 'rest' } : refused('expected ** only as the last segment')
  if (paramPattern.test(text)) return { kind: 'param', name: text.slice(1, -1) }
  if (text.includes('{') || text.includes('}')) {
    return refused('expected {name} to be a whole segment, its name made of letters, digits, _ . or -')
  }
  if (text.includes('*')) return refused('expected {name} for one segment, or ** at the end for any number')
  if (text === '.' || text === '..') return refused('expected no . or .. segments')
  if (text === '' && !last) return refused('expected no empty segments')
  return literalPattern.test(text)
    ? { kind: 'literal', text }
    : refused('expected a path without query or spaces, other characters percent-encoded')
}

/** Reads a path template such as `/a/{id}/**`. A last empty segment is a trailing slash, and is kept. */
export function parseTemplate(text: string): Template | Refused {
  if (!text.startsWith('/')) return refused('expected a path that begins with /')
  if (text.length > 2048) return refused('expected a path of at most 2048 characters')
  const texts = text.slice(1).split('/')
  const segments: Segment[] = []
  for (const [index, each] of texts.entries()) {
    const segment = parseSegment(each, index === texts.length - 1)
    if (segment.kind === 'refused') return segment
    segments.push(segment)
  }
  const names = segments.flatMap(segment => (segment.kind === 'param' ? [segment.name] : []))
  if (new Set(names).size < names.length) return refused('expected each {name} only once')
  return { kind: 'template', segments }
}

// https://www.rfc-editor.org/rfc/rfc1123#section-2.1 (and underscores, which container networks use)
const namePattern = /^[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62}){0,126}$/
// https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 (IP-literal)
const bracketPattern = /^\[[0-9a-f:.]{2,45}\]$/

/** Reads `shop.example.com`, `*.example.com` or `[::1]`; letter case does not matter. */
export function parseHost(text: string): HostPattern | Refused {
  const host = text.toLowerCase()
  if (host === '*') return refused('expected a host; leave the key out to match any host')
  const below = host.startsWith('*.')
  const name = below ? host.slice(2) : host
  if (name.length > 253 || !(namePattern.test(name) || (!below && bracketPattern.test(name)))) {
    return refused('expected a host without scheme, port or path: shop.example.com or *.example.com')
  }
  return below ? { kind: 'below', suffix: `.${name}` } : { kind: 'exact', host: name }
}
