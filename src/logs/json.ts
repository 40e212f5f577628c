// Lines of JSON: of nginx with escape=json, Envoy, Traefik, Caddy, Alibaba Cloud ALB, or anybody with a --map.
import type { Fields, LogFormat, Taken } from './format.ts'

/** What writers call a field; the first that is there counts. Nested names are joined by a dot. */
const called: Readonly<Record<string, readonly string[]>> = {
  start: ['start', 'start_time', 'StartUTC', 'startTime'],
  end: ['end', 'time', 'timestamp', '@timestamp', 'ts', 'msec', 'time_iso8601', 'time_local'],
  duration: ['duration', 'request_time', 'latency'],
  duration_ms: ['duration_ms', 'durationMs', 'response_time_ms'],
  method: ['method', 'request_method', 'RequestMethod', 'request.method', ':METHOD'],
  request: ['request_line'],
  url: ['url', 'request_uri', 'request.uri', 'RequestPath'],
  path: ['path', 'uri', 'x-envoy-original-path'],
  scheme: ['scheme', 'RequestScheme'],
  host: ['host', 'authority', 'http_host', 'request.host', 'RequestHost'],
  protocol: ['protocol', 'server_protocol', 'request.proto', 'RequestProtocol'],
  status: ['status', 'response_code', 'DownstreamStatus', 'http.response.status_code'],
  client: [
    'client',
    'remote_addr',
    'client_ip',
    'downstream_remote_address',
    'request.remote_ip',
    'ClientHost'
  ],
  user_agent: ['user_agent', 'http_user_agent', 'request.headers.User-Agent', 'request_User-Agent'],
  upstream: ['upstream', 'upstream_addr', 'upstream_host', 'ServiceAddr'],
  bytes: ['bytes', 'body_bytes_sent', 'bytes_sent', 'size', 'DownstreamContentSize'],
  trace_id: ['trace_id', 'traceId', 'traceID', 'TraceId', 'otel_trace_id', 'opentelemetry_trace_id'],
  span_id: ['span_id', 'spanId', 'SpanId', 'otel_span_id', 'opentelemetry_span_id'],
  parent_id: ['parent_id', 'parentId', 'parent_span_id', 'otel_parent_id'],
  sampled: ['sampled', 'otel_parent_sampled']
}

const namesByKey: ReadonlyMap<string, string> = new Map(
  Object.entries(called).flatMap(([name, keys]) => keys.map(key => [key, name] as const))
)

/** `request.headers.Traceparent`, `http_traceparent`, `request_Traceparent`, or the field's own name. */
const headerKey = /^(?:request\.headers\.|http_|request_|req\.headers\.|header\.)?([A-Za-z0-9_-]{1,64})$/

const deepest = 4

function addAll(value: unknown, key: string, depth: number, fields: Map<string, string>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    if (value !== '' && value !== '-' && !fields.has(key)) fields.set(key, String(value))
  } else if (Array.isArray(value)) {
    addAll(value[0], key, depth + 1, fields)
  } else if (typeof value === 'object' && value !== null && depth < deepest) {
    for (const [inner, each] of Object.entries(value)) {
      addAll(each, key === '' ? inner : `${key}.${inner}`, depth + 1, fields)
    }
  }
}

function take(line: string): Taken {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no JSON object'
  const flat = new Map<string, string>()
  addAll(value, '', 0, flat)
  const fields: Fields = new Map(flat)
  for (const [key, text] of flat) {
    const name = namesByKey.get(key)
    if (name !== undefined && !fields.has(name)) fields.set(name, text)
    const header = headerKey.exec(key)?.[1]
    if (header !== undefined) fields.set(`header.${header.toLowerCase().replaceAll('_', '-')}`, text)
  }
  return fields
}

export const json: LogFormat = {
  name: 'json',
  reader: template =>
    template === undefined ? take : { complaint: 'json lines name their fields: --map says what they mean' }
}
