// A request that failed can be looked at and sent again: what was asked for is kept of it, secrets are not.
import { spawnSync } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { replay } from '../../src/cli/replay.ts'
import { run as runCommand } from '../cli/run.ts'
import { holdClosedPort } from '../closed-port.ts'
import { type Field, valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { serveFor } from '../served.ts'
import { sh } from '../sh.ts'
import { until } from '../until.ts'

const noCurl = spawnSync('curl', ['--version']).status !== 0 && 'there is no curl on this machine'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traced: readonly Field[] = [['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]]
const broken =
  'HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops'

const fine = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

type Got = {
  readonly status: number
  readonly body: { readonly captures: readonly Record<string, unknown>[] }
}

async function captures(
  { adminUrl }: Pick<Running, 'adminUrl'>,
  path = '',
  headers: Record<string, string> = {}
): Promise<Got> {
  const answer = await fetch(`${adminUrl}/api/captures${path}`, { headers })
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}

/** The only request that is held, whole. */
async function only(gateway: Running): Promise<Record<string, unknown>> {
  await until(async () => (await captures(gateway, `/${traceId}`)).status === 200, 'it is captured')
  const [one = {}, ...more] = (await captures(gateway, `/${traceId}`)).body.captures
  if (more.length > 0) throw new Error('more than one')
  return one
}

async function before(t: Test, url: string, capture: string, route = ''): Promise<Running> {
  return run(
    t,
    `
${capture}
export: [{ console: {} }]
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ name: all, match: { path: /** }, upstream: origin${route} }]
`
  )
}

async function behind(t: Test, respond: Respond, capture: string, route = '') {
  const origin = await startOrigin(t, respond)
  return { ...(await before(t, origin.url, capture, route)), origin }
}

t.test('a request that failed is held with what the rules name, and no other is', async t => {
  const gateway = await behind(
    t,
    ({ start }) => (start.includes('/ok') ? fine : broken),
    'capture: { headers: [content-type, x-tenant, authorization], body: 1024 }'
  )
  await ask(t, gateway.port, { path: '/ok', fields: traced })
  const fields: readonly Field[] = [
    ...traced,
    ['X-Tenant', 'a'],
    ['x-tenant', 'b'],
    ['X-Other', 'hidden-value'],
    ['Authorization', 'Bearer hidden-value'],
    ['Cookie', 'hidden-value'],
    ['Content-Type', 'application/json']
  ]
  await ask(t, gateway.port, {
    method: 'POST',
    path: '/orders/7?x=1&token=hidden-value',
    fields,
    body: '{"a":1,"password":"hidden-value"}'
  })
  const { time, span_id, duration_ms, ...rest } = await only(gateway)
  t.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/)
  t.match(String(span_id), /^[0-9a-f]{16}$/)
  t.type(duration_ms, 'number')
  t.strictSame(rest, {
    trace_id: traceId,
    why: 'error',
    route: 'all',
    method: 'POST',
    scheme: 'http',
    host: 'shop.example',
    path: '/orders/7',
    query: 'x=1&token=REDACTED',
    query_redacted: true,
    status: 500,
    request: {
      headers: [
        ['X-Tenant', 'a'],
        ['x-tenant', 'b'],
        ['Authorization', 'REDACTED'],
        ['Content-Type', 'application/json']
      ],
      body: { text: '{"a":1,"password":"REDACTED"}', truncated: false, redacted: true }
    },
    response: {
      headers: [['Content-Type', 'text/plain']],
      body: { text: 'oops', truncated: false, redacted: false }
    }
  })
  const list = await captures(gateway)
  t.equal(list.body.captures.length, 1, 'the request that went well is not held')
  t.strictSame(
    Object.keys(list.body.captures[0] ?? {}).filter(key => ['request', 'response', 'query'].includes(key)),
    [],
    'the list has no bodies'
  )
  t.equal(await metric(gateway.adminUrl, 'tracebridge_captures_held'), 1)
  t.equal(await metric(gateway.adminUrl, 'tracebridge_captures_total', { outcome: 'kept' }), 1)
  t.equal((await captures(gateway, `/${'0'.repeat(31)}1`)).status, 404)
  t.equal((await captures(gateway, '/no-id')).status, 404)
})

t.test('nothing is held where the rules do not say so', async t => {
  for (const [capture, route] of [
    ['', ''],
    ['capture: {}', ', capture: false']
  ] as const) {
    const gateway = await behind(t, () => broken, capture, route)
    t.equal(statusOf(await ask(t, gateway.port, { fields: traced })), 500)
    t.equal((await captures(gateway, `/${traceId}`)).status, 404)
    t.strictSame((await captures(gateway)).body, { captures: [] })
  }
})

t.test('without a number of bytes no body is held', async t => {
  const gateway = await behind(t, () => broken, '', ', capture: { headers: [accept] }')
  await ask(t, gateway.port, { method: 'POST', fields: [...traced, ['Accept', '*/*']], body: 'x' })
  const { request, response } = await only(gateway)
  t.strictSame(request, { headers: [['Accept', '*/*']] })
  t.strictSame(response, { headers: [] })
})

t.test('a slow request is held, and so is one whose trace was dropped at its begin', async t => {
  const late: Respond = (_, socket) => {
    setTimeout(() => socket.write(fine), 30)
    return undefined
  }
  const gateway = await behind(
    t,
    late,
    'capture: {}\nsampling: { rate: 0, parent: ignore, keep: { slower-than: 20ms } }'
  )
  await ask(t, gateway.port, { fields: traced })
  t.match(await only(gateway), { why: 'slow', status: 200 })
})

t.test('a failed request whose spans are not kept is not held', async t => {
  const gateway = await behind(
    t,
    () => broken,
    'capture: {}\nsampling: { rate: 0, parent: ignore, keep: none }'
  )
  await ask(t, gateway.port, { fields: traced })
  t.strictSame((await captures(gateway)).body, { captures: [] })
})

t.test('by whom trust knows a caller is a secret, too', async t => {
  const gateway = await behind(
    t,
    () => broken,
    'capture: { headers: [x-gate] }\ntrust: [{ secret: { header: X-Gate, value: correct-horse-battery }, context: continue }]'
  )
  await ask(t, gateway.port, { fields: [...traced, ['X-Gate', 'correct-horse-battery']] })
  t.match(await only(gateway), { request: { headers: [['X-Gate', 'REDACTED']] } })
})

t.test('of a long body the first bytes are held, in the middle of a character or not', async t => {
  const gateway = await behind(t, () => broken, 'capture: { body: 4 }')
  await ask(t, gateway.port, { method: 'POST', fields: traced, body: 'abc\xc3\xa9f' })
  t.match(await only(gateway), {
    request: { body: { text: 'abc', truncated: true, redacted: false } },
    response: { body: { text: 'oops', truncated: false } }
  })
})

t.test('what is compressed is not held, for nobody can see the secrets in it', async t => {
  const gateway = await behind(t, () => broken, 'capture: { headers: [], body: 99 }')
  await ask(t, gateway.port, { method: 'POST', fields: [...traced, ['Content-Encoding', 'gzip']], body: 'x' })
  t.strictSame((await only(gateway))['request'], {
    headers: [],
    body: { encoded: true, truncated: false, redacted: false }
  })
})

t.test('a request whose upstream is down is held with its body, and the connection goes on', async t => {
  const gateway = await before(t, `http://127.0.0.1:${await holdClosedPort(t)}`, 'capture: { body: 99 }')
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({ method: 'POST', fields: traced, body: 'hello' }))
  t.equal(statusOf(await client.answer()), 503)
  t.match(await only(gateway), {
    failure: 'UPSTREAM_UNREACHABLE',
    request: { body: { text: 'hello', truncated: false } }
  })
  client.send(requestOf({ method: 'POST', body: 'again' }))
  t.equal(statusOf(await client.answer(1)), 503)
})

/** A server of node:http, for what a whole request is not needed for. */
async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  const port = await serveFor(t, server)
  return `http://127.0.0.1:${port}`
}

t.test('a body whose rest nobody waited for is held as cut', async t => {
  const url = await serve(t, (request, response) => {
    request.once('data', () => response.writeHead(500).end())
  })
  const gateway = await before(t, url, 'capture: { body: 99 }')
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({ method: 'POST', fields: [...traced, ['Content-Length', '10']] }))
  client.send('hello')
  t.equal(statusOf(await client.answer()), 500)
  t.match(await only(gateway), { status: 500, request: { body: { text: 'hello', truncated: true } } })
})

t.test('a caller that left is no error, and not held', async t => {
  const gateway = await behind(t, () => broken, 'capture: { body: 99 }')
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({ method: 'POST', fields: [...traced, ['Content-Length', '10']] }))
  client.send('hello')
  await until(() => gateway.origin.connections() > 0, 'it is on its way')
  client.socket.destroy()
  await until(
    async () => (await metric(gateway.adminUrl, 'tracebridge_requests_in_flight')) === 0,
    'it is over'
  )
  t.strictSame((await captures(gateway)).body, { captures: [] })
})

t.test('a large upload flows as ever, its writer held back, every byte arriving', async t => {
  const size = 32 * 1024 * 1024
  const piece = Buffer.alloc(64 * 1024, 'tracebridge')
  let received = 0
  let begin: (() => void) | undefined
  const url = await serve(t, (request, response) => {
    begin = () => {
      request.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      request.on('end', () => response.writeHead(500).end())
    }
  })
  const gateway = await before(t, url, 'capture: { body: 65536 }')
  const client = await connectRaw(t, gateway.port)
  client.send(
    `POST / HTTP/1.1\r\nHost: a\r\ntraceparent: ${traced[0]?.[1]}\r\nContent-Length: ${size}\r\n\r\n`
  )
  let written = 0
  const pump = () => {
    while (written < size) {
      written += piece.length
      if (!client.socket.write(piece)) return
    }
  }
  client.socket.on('drain', pump)
  pump()
  await until(() => begin !== undefined, 'it has arrived')
  // In turns of the loop, for it may stand still as well.
  let last = -1
  let still = 0
  await until(() => {
    still = written === last ? still + 1 : 0
    last = written
    return still === 50
  }, 'it stalls')
  t.ok(written < size, `${written} bytes went before it stalled`)
  begin?.()
  t.equal(statusOf(await client.answer()), 500)
  t.equal(received, size)
  const { request } = await only(gateway)
  const whole = Buffer.alloc(65_536, piece).toString()
  t.match(request, { body: { text: whole, truncated: true } })
})

t.test('what is held survives a reload, and its number follows the rules', async t => {
  const gateway = await behind(t, () => broken, 'capture: { keep: 2 }')
  for (const path of ['/1', '/2', '/3']) await ask(t, gateway.port, { path, fields: traced })
  const paths = async () => (await captures(gateway)).body.captures.map(({ path }) => path)
  await until(async () => String(await paths()) === '/3,/2', 'the newest two')
  await gateway.app.reload()
  t.strictSame(await paths(), ['/3', '/2'])
  t.equal(await metric(gateway.adminUrl, 'tracebridge_captures_evicted_total', { reason: 'number' }), 1)
})

t.test('where everything fails, ten in a second are held', async t => {
  const gateway = await behind(t, () => broken, 'capture: {}')
  const client = await connectRaw(t, gateway.port)
  // At once, and so many that no machine is slow enough for ten in a second.
  client.send(requestOf({ fields: traced }).repeat(100))
  await client.answer(99)
  const count = (outcome: string) => metric(gateway.adminUrl, 'tracebridge_captures_total', { outcome })
  await until(async () => (await count('kept')) + (await count('over_budget')) === 100, 'all are counted')
  t.ok((await count('kept')) >= 10)
  t.ok((await count('over_budget')) > 0)
})

t.test('replay prints a command that sends the request again', { skip: noCurl }, async t => {
  const gateway = await behind(t, () => broken, 'capture: { headers: [content-type, x-tenant], body: 1024 }')
  const body = `{"it's":"\xc3\xa9"}`
  await ask(t, gateway.port, {
    method: 'PUT',
    path: '/orders/7?x=1',
    fields: [...traced, ['X-Tenant', "a'b"], ['Content-Type', 'application/json']],
    body
  })
  await only(gateway)
  const argv = [traceId, '--admin', gateway.adminUrl, '--to', gateway.origin.url]
  const { code, stdout, stderr } = await runCommand(replay, argv)
  t.equal(code, 0, stderr)
  const first = gateway.origin.last()
  await sh(stdout)
  t.equal(gateway.origin.requests.length, 2, 'it arrives again')
  const again = gateway.origin.last()
  t.equal(again.start, first.start)
  t.ok(again.body.equals(first.body))
  t.equal(again.body.toString('latin1'), body)
  for (const name of ['host', 'x-tenant', 'content-type']) t.equal(valueIn(again, name), valueIn(first, name))
})
