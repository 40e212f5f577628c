// What a log format is: it takes one line apart into named fields. What the fields mean is entry.ts's.

/**
 * Fields by name. `header.NAME` is a request header field, in lower case; the other names are those of `names`.
 * Absent fields are not there.
 */
export type Fields = Map<string, string>

/** Fields of one line, or why it has none; the reason is low in cardinality and holds nothing of the line. */
export type Taken = Fields | string

export type LogFormat = {
  /** As `--format` says it. */
  readonly name: string
  /** `template` is what `--log-format` says, where the format has one. Throws nothing; a bad template is a complaint. */
  readonly reader: (
    template: string | undefined
  ) => ((line: string) => Taken) | { readonly complaint: string }
}

/** Every field that a span is made from. */
export const names = [
  'start',
  'end',
  'duration',
  'duration_ms',
  'method',
  'request',
  'url',
  'scheme',
  'host',
  'path',
  'protocol',
  'status',
  'client',
  'user_agent',
  'upstream',
  'bytes',
  'trace_id',
  'span_id',
  'parent_id',
  'sampled'
] as const

const known: ReadonlySet<string> = new Set(names)

/** `header.` and a field name of https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 in lower case. */
const headerPattern = /^header\.[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/

/** True for a name that a span can be made from. */
export function isField(name: string): boolean {
  return known.has(name) || headerPattern.test(name)
}
