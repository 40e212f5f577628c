// What `tracebridge replay` reads from the admin listener. The answer may be anybody's: it is a value that is checked,
// and what does not fit is no capture.
import * as v from 'valibot'

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 (token)
const token = v.pipe(v.string(), v.regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/))
// One latin1 character for each byte, as node:http has them; no line end can be in it.
const bytes = v.pipe(v.string(), v.regex(/^[\t\x20-\x7e\x80-\xff]{0,65536}$/))

const headers = v.array(v.tuple([token, bytes]))

const body = v.object({
  text: v.optional(v.string()),
  base64: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{0,100000}={0,2}$/))),
  encoded: v.optional(v.literal(true)),
  truncated: v.boolean(),
  redacted: v.boolean()
})

const captured = v.object({
  time: v.pipe(v.string(), v.regex(/^[0-9T:.+-]{1,32}Z$/)),
  trace_id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  span_id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  why: v.picklist(['error', 'slow']),
  method: token,
  scheme: v.picklist(['http', 'https']),
  host: bytes,
  path: bytes,
  query: bytes,
  query_redacted: v.boolean(),
  status: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(999)),
  failure: v.optional(v.pipe(v.string(), v.regex(/^[A-Z_]{1,40}$/))),
  duration_ms: v.number(),
  request: v.object({ headers, body: v.optional(body) })
})

const answer = v.object({ captures: v.pipe(v.array(captured), v.minLength(1)) })

/** One request, as far as a replay needs it. */
export type Captured = v.InferOutput<typeof captured>

/** The requests in an answer of `GET /api/captures/TRACE_ID`, newest first; undefined when it is none. */
export function parseCaptured(text: string): readonly Captured[] | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const result = v.safeParse(answer, json)
  return result.success ? result.output.captures : undefined
}
