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
  path: ['path', 'uri', 'x-envoy-original-path', 'x-envoy-origin-path'],
  scheme: ['scheme', 'RequestScheme'],
  host: ['host', 'authority', ':authority', 'http_host', 'request.host', 'RequestHost'],
  protocol: ['protocol', 'server_protocol', 'request.proto', 'RequestProtocol'],
  status: ['status', 'response_code', 'DownstreamStatus', 'http.response.status_code'],
  client: [
    'client',
    'remote_addr',
    'client_ip',
    'downstream_remote_address',
    // Caddy's, behind proxies that it trusts.
    'request.client_ip',
    'request.remote_ip',
    'ClientHost'
  ],
  user_agent: [
    'user_agent',
    'user-agent',
    'http_user_agent',
    'request.headers.User-Agent',
    'request_User-Agent'
  ],
  upstream: ['upstream', 'upstream_addr', 'upstream_host', 'ServiceAddr'],
  bytes: ['bytes', 'body_bytes_sent', 'bytes_sent', 'size', 'DownstreamContentSize'],
  trace_id: ['trace_id', 'traceId', 'traceID', 'TraceId', 'otel_trace_id', 'opentelemetry_trace_id'],
  span_id: ['span_id', 'spanId', 'SpanId', 'otel_span_id', 'opentelemetry_span_id'],
  parent_id: ['parent_id', 'parentId', 'parent_span_id', 'otel_parent_id'],
  sampled: ['sampled', 'otel_parent_sampled']
}

/** `request.headers.Traceparent`, `http_traceparent`, `request_Traceparent`, or the field's own name. */
const headerKey = /^(?:request\.headers\.|http_|request_|req\.headers\.|header\.)?([A-Za-z0-9_-]{1,64})$/

const deepest = 4

function addAll(value: unknown, key: string, depth: number, fields: Map<string, string>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    if (value !== '' && value !== '-' && !fields.has(key)) fields.set(key, String(value))
  } else if (typeof value !== 'object' || value === null || depth >= deepest) return
  else if (Array.isArray(value)) addAll(value[0], key, depth + 1, fields)
  else {
    for (const [inner, each] of Object.entries(value)) {
      addAll(each, key === '' ? inner : `${key}.${inner}`, depth + 1, fields)
    }
  }
}

// Envoy has no names of its own, but those of Istio and of Envoy Gateway say what they mean.
// https://istio.io/latest/docs/tasks/observability/logs/access-log/#default-access-log-format
const envoys = ['response_flags', 'response_code', 'upstream_cluster']
const addressWithPort = /^\[?(.*?)\]?:\d{1,5}$/

/** What writers mean by a name that others use in another way. */
function correct(flat: ReadonlyMap<string, string>, fields: Fields): void {
  // Nanoseconds: https://doc.traefik.io/traefik/observe/logs-and-access-logs/
  const traefik = Number(flat.get('Duration'))
  if (traefik >= 0) fields.set('duration_ms', (traefik / 1e6).toFixed(6))
  if (!envoys.some(key => flat.has(key))) return
  // Milliseconds, while Caddy's of the same name are seconds.
  // https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators
  const envoy = flat.get('duration')
  if (envoy !== undefined) fields.set('duration_ms', envoy)
  const client = flat.get('downstream_remote_address')
  if (client !== undefined && fields.get('client') === client)
    fields.set('client', client.replace(addressWithPort, '$1'))
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
  for (const [name, keys] of Object.entries(called)) {
    const key = keys.find(each => flat.has(each))
    const text = key === undefined ? undefined : flat.get(key)
    if (text !== undefined) fields.set(name, text)
  }
  for (const [key, text] of flat) {
    const header = headerKey.exec(key)?.[1]
    if (header !== undefined) fields.set(`header.${header.toLowerCase().replaceAll('_', '-')}`, text)
  }
  correct(flat, fields)
  return fields
}

export const json: LogFormat = {
  name: 'json',
  reader: template =>
    template === undefined ? take : { complaint: 'json lines name their fields: --map says what they mean' }
}
