// What does not become a WebSocket: requests that may not, upstreams that do not want to. Attacks on upgrades, which
// other proxies have routed past the checks that requests go through, are here row by row.
import t, { type Test } from 'tap'
import { createAccessLog } from '../access-log.ts'
import { holdClosedPort } from '../closed-port.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { type Asked, connectRaw, requestOf, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { accepting, asking, echoing, handing, key } from '../websocket.ts'

async function world(t: Test, respond: Respond = echoing, url?: string, firstByte = '60s') {
  const origin = await startOrigin(t, respond)
  const lines = createAccessLog(t)
  const gateway = await run(
    t,
    `${lines.rule}
upstreams: { chat: { targets: [{ url: "${url ?? origin.url}" }] } }
routes:
  - { match: { path: /ws/** }, upstream: chat, upgrade: [websocket], timeouts: { first-byte: ${firstByte} } }
  - { match: { path: /** }, upstream: chat }
`
  )
  return { ...gateway, origin, lines }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

type Row = readonly [what: string, asked: Asked, status: number]

// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
const refused: readonly Row[] = [
  ['another method', asking({ method: 'POST' }), 400],
  ['a body', asking({ body: 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n' }), 400],
  ['a body of no length', asking({ fields: [['Content-Length', '0']] }), 400],
  ['a body in chunks', asking({ fields: [['Transfer-Encoding', 'chunked']] }), 400],
  ['a key that is too short', asking({ fields: [['Sec-WebSocket-Key', 'c2hvcnQ=']] }), 400],
  ['an empty key', asking({ fields: [['Sec-WebSocket-Key', '']] }), 400],
  ['two keys', asking({ fields: [...twice('Sec-WebSocket-Key', key)] }), 400],
  ['an older version', asking({ fields: [['Sec-WebSocket-Version', '8']] }), 426],
  ['two versions', asking({ fields: [...twice('Sec-WebSocket-Version', '13')] }), 426],
  ['an expectation that nobody can meet', asking({ fields: [['Expect', 'a-miracle']] }), 417],
  ['two hosts', asking({ fields: [['Host', 'other.example']] }), 400],
  // Next.js CVE-2026-44578: an absolute target beside Upgrade chose where the request went.
  ['a target elsewhere', asking({ path: 'http://169.254.169.254/ws/latest/meta-data' }), 400],
  ['a target elsewhere, with a name', asking({ path: 'http://shop.example@169.254.169.254/ws' }), 400],
  ['a target of another scheme', asking({ path: 'ws://169.254.169.254/ws' }), 400],
  ['a route without upgrade', asking({ path: '/other' }), 403],
  ['a route without upgrade, by detour', asking({ path: '/ws/%2e%2e/other' }), 400]
]

function twice(name: string, value: string) {
  return [
    [name, value],
    [name, value]
  ] as const
}

t.test('a request that may not be upgraded reaches no upstream, and ends its connection', async t => {
  const { origin, port, adminUrl } = await world(t)
  for (const [what, asked, status] of refused) {
    const client = await connectRaw(t, port)
    // What comes behind is no request any more.
    client.send(`${requestOf(asked)}GET /behind HTTP/1.1\r\nHost: shop.example\r\n\r\n`)
    const answer = await client.answer()
    t.equal(statusOf(answer), status, what)
    t.match(valueIn(answer, 'connection'), 'close', what)
    await client.over
    t.equal(client.answers.length, 1, what)
    if (status !== 426) continue
    t.equal(valueIn(answer, 'sec-websocket-version'), '13')
    t.equal(valueIn(answer, 'upgrade'), 'websocket')
  }
  t.strictSame(origin.requests, [])
  t.equal(await metric(adminUrl, 'tracebridge_upgraded_connections'), 0)
  t.equal(await metric(adminUrl, 'tracebridge_requests_in_flight'), 0)
})

t.test('an upgrade that is not WebSocket is ignored, and its request goes on as any other', async t => {
  const { origin, port } = await world(t, () => ok)
  for (const [what, fields] of [
    [
      'h2c',
      [
        ['Connection', 'Upgrade, HTTP2-Settings'],
        ['Upgrade', 'h2c'],
        ['HTTP2-Settings', 'AAMAAABk']
      ]
    ],
    ['something like it', [['Upgrade', 'websocketed']]],
    ['without Connection', [['Connection', 'keep-alive']]]
  ] as const) {
    const client = await connectRaw(t, port)
    client.send(requestOf(asking({ fields })))
    t.equal(statusOf(await client.answer()), 200, what)
    for (const name of ['upgrade', 'http2-settings']) t.equal(valueIn(origin.last(), name), undefined, what)
    t.notMatch(valueIn(origin.last(), 'connection') ?? '', /upgrade/i, what)
    // The connection is still one of HTTP.
    client.send(requestOf({ path: '/next' }))
    t.equal(statusOf(await client.answer(1)), 200, what)
  }
  // https://www.rfc-editor.org/rfc/rfc9110#section-7.8: from HTTP/1.0 it must be ignored
  const old = await connectRaw(t, port)
  old.send(requestOf(asking()).replace('HTTP/1.1', 'HTTP/1.0'))
  t.equal(statusOf(await old.answer()), 200)
  t.equal(valueIn(origin.last(), 'upgrade'), undefined)
})

t.test('what belongs to one connection does not cross, and nobody nominates ours away', async t => {
  const { origin, port } = await world(t)
  const client = await connectRaw(t, port)
  client.send(
    requestOf(
      asking({
        path: 'http://shop.example/ws/a//b?q=%2e%2e',
        fields: [
          ['Connection', 'Upgrade, X-Mine, traceparent, x-forwarded-for, host'],
          ['X-Mine', '1'],
          ['Keep-Alive', 'timeout=5'],
          ['Proxy-Connection', 'keep-alive'],
          ['Proxy-Authorization', 'Basic c2VjcmV0'],
          ['TE', 'trailers'],
          ['Trailer', 'X-End'],
          ['__proto__', 'x'],
          ['X-Twice', '1'],
          ['x-twice', '\xe9'],
          ['Sec-WebSocket-Protocol', 'chat'],
          ['Cookie', 'a=1']
        ]
      })
    )
  )
  t.equal(statusOf(await client.answer()), 101)
  const seen = origin.last()
  t.equal(seen.start, 'GET /ws/a//b?q=%2e%2e HTTP/1.1', 'byte for byte, in origin-form')
  const names = seen.fields.map(([name]) => name.toLowerCase())
  for (const gone of ['x-mine', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer']) {
    t.notOk(names.includes(gone), gone)
  }
  for (const [name, value] of [
    ['host', 'shop.example'],
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['x-twice', '1,\xe9'],
    ['__proto__', 'x'],
    ['sec-websocket-key', key],
    ['sec-websocket-protocol', 'chat'],
    ['cookie', 'a=1'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'http']
  ] as const) {
    t.equal(valueIn(seen, name), value, name)
  }
  t.match(valueIn(seen, 'traceparent'), /^00-/)
  t.match(valueIn(seen, 'via'), /^1\.1 /)
})

t.test('the 101 is the upstream’s, less what belongs to its connection', async t => {
  const more =
    'Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Latin: \xe9\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nContent-Length: 7\r\n'
  const { port } = await world(
    t,
    handing(() => {}, `${more}Connection: X-Hop\r\n`)
  )
  const client = await connectRaw(t, port)
  client.send(requestOf(asking()))
  const answer = await client.answer()
  t.equal(answer.start, 'HTTP/1.1 101 Switching Protocols')
  for (const [name, value] of [
    ['sec-websocket-protocol', 'chat'],
    ['set-cookie', 'a=1,b=2'],
    ['x-latin', '\xe9'],
    ['x-hop', undefined],
    ['keep-alive', undefined],
    ['content-length', undefined],
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket']
  ] as const) {
    t.equal(valueIn(answer, name), value, name)
  }
})

t.test('an upstream that answers something else is heard, and the connection ends', async t => {
  const long = 'x'.repeat(300_000)
  for (const [answer, status, body] of [
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: no\r\n\r\nnope', 403, 'nope'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 200, 'ok'],
    [`HTTP/1.1 502 Bad Gateway\r\nContent-Length: ${long.length}\r\n\r\n${long}`, 502, long],
    [
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
      426,
      ''
    ]
  ] as const) {
    const { origin, port, lines } = await world(t, () => answer)
    const client = await connectRaw(t, port)
    client.send(`${requestOf(asking())}GET /behind HTTP/1.1\r\nHost: shop.example\r\n\r\n`)
    const seen = await client.answer()
    t.equal(statusOf(seen), status)
    t.equal(seen.body.toString(), body)
    t.equal(await client.over, 'end')
    t.equal(client.answers.length, 1)
    t.equal(origin.requests.length, 1, 'nothing that came behind got through')
    t.match(await lines.entry('/ws'), { status })
    await until(() => origin.open.size === 0, 'the connection to the upstream is gone')
  }
})

type Fault = readonly [what: string, respond: Respond, status: number, failure: string]

const faults: readonly Fault[] = [
  ['it resets', (_, socket) => void socket.resetAndDestroy(), 502, 'UPSTREAM_RESET'],
  ['it ends', (_, socket) => void socket.end(), 502, 'UPSTREAM_RESET'],
  ['it is silent', () => undefined, 504, 'UPSTREAM_TIMEOUT'],
  ['it breaks off in its header', (_, socket) => void socket.end('HTTP/1.1 101 Sw'), 502, 'UPSTREAM_'],
  ['it is no HTTP', () => 'SSH-2.0-x\r\n\r\n', 502, 'UPSTREAM_INVALID'],
  ['its header is endless', () => `HTTP/1.1 101 S\r\nX: ${'x'.repeat(70_000)}`, 502, 'UPSTREAM_INVALID'],
  // An upstream that says 101 to anybody would be a way past the routes: https://github.com/0ang3el/websocket-smuggle
  [
    'it accepts another key',
    ask => accepting(ask).replace(/Accept: ./, 'Accept: *'),
    502,
    'UPSTREAM_INVALID'
  ],
  ['it accepts nothing', ask => accepting(ask).replace(/Sec-.*\r\n/, ''), 502, 'UPSTREAM_INVALID'],
  ['another protocol', ask => accepting(ask).replace('websocket', 'h2c'), 502, 'UPSTREAM_INVALID'],
  ['101 without Upgrade', () => 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 502, 'UPSTREAM_INVALID']
]

t.test('an upstream that fails is a failure of the table', async t => {
  for (const [what, respond, status, failure] of faults) {
    // By the clock: any answer may come later than that where a machine stands still.
    const firstByte = failure === 'UPSTREAM_TIMEOUT' ? '400ms' : undefined
    const { origin, port, lines, adminUrl, log } = await world(t, respond, undefined, firstByte)
    const client = await connectRaw(t, port)
    client.send(requestOf(asking()))
    const answer = await client.answer()
    t.equal(statusOf(answer), status, what)
    t.equal(await client.over, 'end', what)
    t.match(String((await lines.entry('/ws'))['failure']), failure, what)
    await until(() => origin.open.size === 0, `${what}: the connection to it is gone`)
    t.equal(await metric(adminUrl, 'tracebridge_requests_in_flight'), 0, what)
    t.notMatch(log.join(''), /an exchange failed/, what)
  }
})

t.test('an upstream that is not there is 503', async t => {
  const { port, lines } = await world(t, echoing, `http://127.0.0.1:${await holdClosedPort(t)}`)
  const client = await connectRaw(t, port)
  client.send(requestOf(asking()))
  t.equal(statusOf(await client.answer()), 503)
  t.match(await lines.entry('/ws'), { failure: 'UPSTREAM_UNREACHABLE', cause: 'ECONNREFUSED' })
})

t.test('a caller that leaves before the answer leaves nothing behind', async t => {
  const { origin, port, lines } = await world(t, () => undefined)
  for (const leave of ['resetAndDestroy', 'end'] as const) {
    const before = origin.requests.length
    const client = await connectRaw(t, port)
    client.send(requestOf(asking({ path: `/ws/${leave}` })))
    await until(() => origin.requests.length > before, 'it is asked')
    client.socket[leave]()
    t.match(await lines.entry(`/ws/${leave}`), { status: 499, failure: 'CALLER_GONE' })
    await until(() => origin.open.size === 0, 'the upstream is let go')
  }
})

t.test('a refusal with something wrong behind it is answered, and ends nothing else', async t => {
  for (const [what, refusal] of [
    ['more than it says', 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nnoEXTRA'],
    ['a chunk that is none', 'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\nZZ\r\n']
  ] as const) {
    const { port } = await world(t, ({ start }) => (start.includes('/ws') ? refusal : ok))
    const client = await connectRaw(t, port)
    client.send(requestOf(asking()))
    t.ok([403, 502].includes(statusOf(await client.answer())), what)
    t.equal(await client.over, 'end', what)
    const other = await connectRaw(t, port)
    other.send(requestOf({ path: '/other' }))
    t.equal(statusOf(await other.answer()), 200, what)
  }
})
