import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { logFormats } from '../../src/logs/find.ts'
import { isField, names } from '../../src/logs/format.ts'

const reasons: ReadonlySet<string> = new Set(['not of this format', 'not JSON', 'no JSON object'])

function readerOf(format: string, template?: string) {
  const reader = logFormats.get(format)?.reader(template)
  if (typeof reader !== 'function') throw new Error(`no reader: ${reader?.complaint}`)
  return reader
}

function fieldsOf(format: string, line: string, template?: string) {
  const taken = readerOf(format, template)(line)
  return typeof taken === 'string' ? taken : Object.fromEntries(taken)
}

t.test('nginx: combined, with pairs behind it', async t => {
  t.match(
    fieldsOf(
      'nginx',
      '10.0.0.1 - - [20/Nov/2026:11:30:00 +0000] "GET /a?b=1 HTTP/1.1" 200 612 "-" "curl/8.0" request_time=0.123 http_x_b3_traceid=80f198ee56343ba8 $upstream_addr="10.0.0.9:80, 10.0.0.8:80" nothing=-'
    ),
    {
      client: '10.0.0.1',
      end: '20/Nov/2026:11:30:00 +0000',
      request: 'GET /a?b=1 HTTP/1.1',
      status: '200',
      bytes: '612',
      user_agent: 'curl/8.0',
      duration: '0.123',
      'header.x-b3-traceid': '80f198ee56343ba8',
      upstream: '10.0.0.9:80, 10.0.0.8:80'
    }
  )
})

t.test('nginx: a log_format of one’s own, and what nginx escapes', async t => {
  const template = `$msec|$request_method|$request_uri|$status|"$http_user_agent"|$${'{http_traceparent}'}`
  const fields = fieldsOf('nginx', '1795000000.123|GET|/a|200|"a\\x22b"|-', template)
  t.match(fields, {
    end: '1795000000.123',
    method: 'GET',
    url: '/a',
    status: '200',
    user_agent: 'a"b'
  })
  t.notOk('header.traceparent' in Object(fields), 'a dash is nothing')
  t.equal(fieldsOf('nginx', 'no such line', template), 'not of this format')
  for (const bad of ['no variable', '$status$request'])
    t.match(logFormats.get('nginx')?.reader(bad), { complaint: /log_format/ })
})

t.test(
  'nginx: a variable that means nothing here keeps its name, one of the answer is none of the request',
  async t => {
    const template = '$status $request_id $http_x_forwarded_for $sent_http_traceparent'
    const fields = fieldsOf('nginx', '200 4bf9 10.0.0.7 00-x up_id=7 sent_http_b3=0', template)
    t.match(fields, {
      request_id: '4bf9',
      http_x_forwarded_for: '10.0.0.7',
      'header.x-forwarded-for': '10.0.0.7'
    })
    for (const header of ['traceparent', 'b3']) t.notOk(`header.${header}` in Object(fields), header)
    t.match(fieldsOf('nginx', '200 1 2 3', template), { sent_http_traceparent: '3' })
  }
)

t.test('alb: the example of its documentation, and parts that were never reached', async t => {
  const line =
    'http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.5 0.001 -1 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl \\"7.46.0\\"" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0'
  t.match(fieldsOf('alb', line), {
    end: '2018-07-02T22:23:00.186641Z',
    client: '192.168.131.39',
    upstream: '10.0.0.1:80',
    duration: '0.501',
    status: '200',
    request: 'GET http://www.example.com:80/ HTTP/1.1',
    'header.x-amzn-trace-id': 'Root=1-58337262-36d228ad5d99923122bbe354'
  })
  t.equal(fieldsOf('alb', 'http 2018'), 'not of this format')
  t.match(logFormats.get('alb')?.reader('x'), { complaint: /nginx/ })
})

t.test('json: by the names that Envoy, Caddy, Traefik and nginx give', async t => {
  t.match(
    fieldsOf('json', '{"start_time":"2026-11-20T11:30:00Z","duration":7,"response_code":200,"method":"GET"}'),
    {
      start: '2026-11-20T11:30:00Z',
      status: '200'
    }
  )
  t.match(
    fieldsOf(
      'json',
      '{"ts":1795000000.5,"request":{"method":"GET","uri":"/a","headers":{"Traceparent":["00-x"]}}}'
    ),
    { end: '1795000000.5', method: 'GET', url: '/a', 'header.traceparent': '00-x' }
  )
  t.match(fieldsOf('json', '{"RequestMethod":"PUT","request_Traceparent":"00-y","DownstreamStatus":201}'), {
    method: 'PUT',
    status: '201',
    'header.traceparent': '00-y'
  })
  t.match(
    fieldsOf(
      'json',
      '{"http_x_b3_traceid":"1","__proto__":"2","constructor":{"a":{"b":{"c":{"d":{"e":1}}}}}}'
    ),
    {
      'header.x-b3-traceid': '1'
    }
  )
  t.equal(fieldsOf('json', '{'), 'not JSON')
  for (const line of ['[1]', 'null', '7', '"x"']) t.equal(fieldsOf('json', line), 'no JSON object', line)
})

t.test('json: a line of Istio’s Envoy, whose times are milliseconds and whose client has a port', async t => {
  // https://istio.io/latest/docs/tasks/observability/logs/access-log/
  const line =
    '{"authority":"httpbin:8000","bytes_received":0,"bytes_sent":135,"connection_termination_details":null,"downstream_local_address":"10.96.81.120:8000","downstream_remote_address":"10.244.0.15:44390","duration":7,"method":"GET","path":"/status/418?a=1","protocol":"HTTP/1.1","request_id":"84961386-6d84-929d-98bd-c5aee93b5c88","requested_server_name":null,"response_code":418,"response_code_details":"via_upstream","response_flags":"-","route_name":"default","start_time":"2026-11-20T11:30:00.123Z","upstream_cluster":"outbound|8000||httpbin.foo.svc.cluster.local","upstream_host":"10.244.0.17:80","upstream_service_time":"6","user_agent":"curl/8.0","x_forwarded_for":null}'
  t.match(fieldsOf('json', line), {
    start: '2026-11-20T11:30:00.123Z',
    duration_ms: '7',
    method: 'GET',
    path: '/status/418?a=1',
    host: 'httpbin:8000',
    status: '418',
    client: '10.244.0.15',
    upstream: '10.244.0.17:80'
  })
  t.match(
    fieldsOf('json', '{":authority":"a","user-agent":"b","x-envoy-origin-path":"/c","response_code":200}'),
    { host: 'a', user_agent: 'b', path: '/c' },
    'as Envoy Gateway has it'
  )
  t.match(fieldsOf('json', '{"response_code":200,"downstream_remote_address":"[2001:db8::1]:443"}'), {
    client: '2001:db8::1'
  })
})

t.test('json: Traefik’s durations are nanoseconds, Caddy’s and Alibaba’s are seconds', async t => {
  t.match(fieldsOf('json', '{"Duration":7312400,"OriginDuration":7000000}'), { duration_ms: '7.312400' })
  t.match(fieldsOf('json', '{"Duration":1}'), { duration_ms: '0.000001' })
  const caddy =
    '{"ts":1795000000.5,"duration":0.000929675,"request":{"remote_ip":"10.0.0.1","client_ip":"10.0.0.7"},"status":200}'
  t.match(fieldsOf('json', caddy), { duration: '0.000929675', client: '10.0.0.7' })
  t.notOk('duration_ms' in Object(fieldsOf('json', caddy)))
  t.match(
    fieldsOf(
      'json',
      '{"__topic__":"alb_layer7_access_log","client_ip":"10.0.0.7","read_request_time":"3","request_time":"0.250","request_uri":"/a?b=1","status":"200","time":"2026-11-20T19:30:00+08:00","upstream_addr":"10.0.0.9:80"}'
    ),
    { duration: '0.250', url: '/a?b=1', end: '2026-11-20T19:30:00+08:00', client: '10.0.0.7' }
  )
})

t.test('json: however deep a line is, it does not stop the reader', async t => {
  for (const [depth, open, close] of [
    [9_000, '[', ']'],
    [125_000, '[', ']'],
    [40_000, '{"a":', '}']
  ] as const) {
    const taken = readerOf('json')(`{"b":1,"a":${open.repeat(depth)}1${close.repeat(depth)}}`)
    t.ok(typeof taken === 'string' ? reasons.has(taken) : taken.get('b') === '1', `${depth} of ${open}`)
  }
})

t.test('whatever a line holds, it is fields or a reason, and soon', async t => {
  const readers = [...logFormats.keys()].map(name => readerOf(name))
  const lines = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.json(),
    fc.constantFrom('"'.repeat(9999), '\\x'.repeat(5000))
  )
  fc.assert(
    fc.property(lines, line => {
      for (const read of readers) {
        const taken = read(line)
        assert.ok(typeof taken === 'string' ? reasons.has(taken) : taken.size >= 0)
      }
    })
  )
  t.pass('every line')
})

t.test('fields have names, headers any', async t => {
  for (const name of names) t.ok(isField(name))
  t.ok(isField('header.traceparent'))
  for (const name of ['', 'header.', 'header.A', 'tracid', '__proto__']) t.notOk(isField(name), name)
})
