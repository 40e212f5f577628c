// What the header of an answer says of the trace that the upstream was in: traceresponse, or a metric of Server-Timing.
// It is heard, not obeyed: nothing about the request or its trace may follow from it.
import { w3c } from '../dialects/w3c.ts'
import { absent, malformed, type Received, type TraceContext } from '../trace/context.ts'
import { trimOws } from '../trace/ows.ts'
import { sameTrace } from '../trace/width.ts'

type Lines = string | readonly string[] | undefined

/** Response fields by lower-case name; lines of one name that came apart are apart. */
export type AnswerFields = { readonly traceresponse?: Lines; readonly 'server-timing'?: Lines }

export type Answered = {
  readonly via: 'traceresponse' | 'server-timing:trace' | 'server-timing:traceparent' | undefined
  /** A context whose span is the responder's own. */
  readonly received: Received
}

/** What came of a trace that an upstream was told of, in its own words. */
export type TraceAnswer = {
  readonly outcome: 'same' | 'other' | 'malformed'
  /** The span that answered: of the same trace alone. */
  readonly spanId: string | undefined
}

const maxTiming = 8192
// Most lists are of other metrics.
const spoken = /trace/i

const silent: Answered = { via: undefined, received: absent }
const garbled: TraceAnswer = { outcome: 'malformed', spanId: undefined }
const foreign: TraceAnswer = { outcome: 'other', spanId: undefined }
const multiple = malformed('multiple')
const badFormat = malformed('bad-format')

/** Holds an answer against the span that the upstream was told of; undefined where it says nothing of a trace. */
export function answerOf(fields: AnswerFields, span: TraceContext): TraceAnswer | undefined {
  if (fields.traceresponse === undefined && fields['server-timing'] === undefined) return undefined
  const { received } = readAnswer(fields)
  if (received.kind !== 'context') return received === absent ? undefined : garbled
  // Who was told half of an id can name no more.
  if (!sameTrace(received.context.traceId, span.traceId)) return foreign
  return { outcome: 'same', spanId: received.context.spanId }
}

/** The first of the three forms that can be read; else why the first that was used cannot. Pure; never throws. */
export function readAnswer(fields: AnswerFields): Answered {
  let bad: Answered | undefined
  const { traceresponse } = fields
  const metrics = timings(fields['server-timing'])
  for (const [via, lines] of [
    ['traceresponse', traceresponse],
    ['server-timing:trace', metrics.get('trace')],
    ['server-timing:traceparent', metrics.get('traceparent')]
  ] as const) {
    const received = contextOf(lines)
    if (received.kind === 'context') return { via, received }
    if (received !== absent) bad ??= { via, received }
  }
  return bad ?? silent
}

/** The draft has the syntax of traceparent. https://w3c.github.io/trace-context/#trace-context-http-response-headers-format */
function contextOf(lines: Lines): Received {
  if (lines === undefined) return absent
  // By analogy with traceparent: taking one of two would be a guess.
  if (typeof lines !== 'string' || lines.includes(',')) return multiple
  const value = trimOws(lines)
  const received = w3c.extract(field => (field === 'traceparent' ? value : undefined))
  return received.kind === 'context' ? received : badFormat
}

const none: ReadonlyMap<string, string> = new Map()

/**
 * Descriptions by the lower-case names of their metrics. Of several the last: each hop adds its own behind those of the
 * hops further in. https://w3c.github.io/server-timing/#the-server-timing-header-field
 */
function timings(lines: Lines): ReadonlyMap<string, string> {
  if (lines === undefined) return none
  const text = typeof lines === 'string' ? lines : lines.join()
  if (text.length > maxTiming || !spoken.test(text)) return none
  const metrics = new Map<string, string>()
  for (const metric of split(text, ',')) {
    const [name = '', ...parameters] = split(metric, ';').map(part => trimOws(part))
    for (const parameter of parameters) {
      const at = parameter.indexOf('=')
      if (at === -1 || trimOws(parameter.slice(0, at)).toLowerCase() !== 'desc') continue
      metrics.set(name.toLowerCase(), unquoted(trimOws(parameter.slice(at + 1))))
      break
    }
  }
  return metrics
}

/** What stands between separators, but for those in quoted strings. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4 */
function split(text: string, separator: string): readonly string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') i++
    else if (!quoted && character === separator) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquoted(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value
  return value.slice(1, -1).replace(/\\(.)/g, '$1')
}
