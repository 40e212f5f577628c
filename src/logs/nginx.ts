// Lines of nginx, by its log_format. Without one: `combined`, with name=value pairs behind it.
// https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
import type { Fields, LogFormat, Taken } from './format.ts'

// https://nginx.org/en/docs/http/ngx_http_core_module.html#variables, and those of its OpenTelemetry modules:
// https://nginx.org/en/docs/ngx_otel_module.html#variables
const variables: ReadonlyMap<string, string> = new Map([
  ['remote_addr', 'client'],
  ['realip_remote_addr', 'client'],
  ['time_local', 'end'],
  ['time_iso8601', 'end'],
  ['msec', 'end'],
  ['request', 'request'],
  ['request_method', 'method'],
  ['request_uri', 'url'],
  ['uri', 'path'],
  ['server_protocol', 'protocol'],
  ['scheme', 'scheme'],
  ['host', 'host'],
  ['http_host', 'host'],
  ['server_name', 'host'],
  ['status', 'status'],
  ['body_bytes_sent', 'bytes'],
  ['bytes_sent', 'bytes'],
  ['http_user_agent', 'user_agent'],
  ['request_time', 'duration'],
  ['upstream_addr', 'upstream'],
  ['otel_trace_id', 'trace_id'],
  ['otel_span_id', 'span_id'],
  ['otel_parent_id', 'parent_id'],
  ['otel_parent_sampled', 'sampled'],
  ['opentelemetry_trace_id', 'trace_id'],
  ['opentelemetry_span_id', 'span_id']
])

/** `$http_x_b3_traceid` is the field X-B3-TraceId of the request; `$sent_http_…` is one of the answer. */
const headerVariable = /^http_([a-z0-9_]{1,64})$/

function fieldOf(variable: string): string | undefined {
  const own = variables.get(variable)
  if (own !== undefined) return own
  const header = headerVariable.exec(variable)?.[1]
  return header === undefined ? undefined : `header.${header.replaceAll('_', '-')}`
}

const combined =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'

/** A variable, and the literal text that ends it; the last one may have none. */
type Part = { readonly variable: string; readonly until: string }

/** By its own name too, by which --map asks for it. */
function add(variable: string, text: string, fields: Fields): void {
  if (text === '' || text === '-') return
  const value = unescaped(text)
  const field = fieldOf(variable)
  if (field !== undefined) fields.set(field, value)
  if (!fields.has(variable)) fields.set(variable, value)
}

const variablePattern = /\$(?:\{([a-z0-9_]+)\}|([a-z0-9_]+))/g

function partsOf(template: string): { readonly before: string; readonly parts: readonly Part[] } | undefined {
  const found = [...template.matchAll(variablePattern)]
  const [first] = found
  if (first === undefined) return undefined
  const parts = found.map((match, i) => {
    const end = match.index + match[0].length
    return { variable: match[1] ?? match[2] ?? '', until: template.slice(end, found[i + 1]?.index) }
  })
  // Two variables side by side could not be told apart.
  if (parts.slice(0, -1).some(({ until }) => until === '')) return undefined
  return { before: template.slice(0, first.index), parts }
}

/** nginx writes quotes, backslashes and control characters so, in log_format's default escape. */
const escaped = /\\x([0-9A-F]{2})/g

function unescaped(text: string): string {
  return text.includes('\\x')
    ? text.replace(escaped, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text
}

/** name=value or name="value", names with or without the dollar sign. */
const pairPattern = /(?:^|\s)\$?([a-z][a-z0-9_]{0,63})[=:](?:"([^"]*)"|([^\s"]*))/g

function addPairs(rest: string, fields: Fields): void {
  for (const [, name = '', quoted, bare = ''] of rest.matchAll(pairPattern)) {
    add(name, quoted ?? bare, fields)
  }
}

function reader(template: string | undefined): ReturnType<LogFormat['reader']> {
  const parsed = partsOf(template ?? combined)
  if (parsed === undefined)
    return { complaint: 'expected a log_format of nginx, its $variables kept apart by text' }
  const { before, parts } = parsed
  return (line): Taken => {
    if (!line.startsWith(before)) return 'not of this format'
    const fields: Fields = new Map()
    let at = before.length
    for (const { variable, until } of parts) {
      const last = until === ''
      const end = last ? line.length : line.indexOf(until, at)
      if (end === -1) return 'not of this format'
      add(variable, line.slice(at, end), fields)
      at = end + until.length
    }
    addPairs(line.slice(at), fields)
    return fields
  }
}

export const nginx: LogFormat = { name: 'nginx', reader }
