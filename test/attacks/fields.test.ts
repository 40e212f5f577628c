// Fields by which callers took something away, made somebody believe them, or ended the process.
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { ask, connectRaw, statusOf } from '../raw.ts'
import { run } from '../running.ts'

async function behind(
  t: Test,
  rules = '',
  respond?: Respond
): Promise<{ readonly port: number; readonly origin: Origin }> {
  const origin = await startOrigin(t, respond)
  const { port } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
${rules}
`
  )
  return { port, origin }
}

/**
 * CVE-2021-32813 and CVE-2024-45410 (Traefik), CVE-2026-33805 (reply-from). Connection was obeyed after the proxy had
 * added its own fields, so that a caller could take those away by which the upstream knows whom it serves.
 */
t.test('CVE-2021-32813, CVE-2024-45410, CVE-2026-33805: Connection takes away none of ours', async t => {
  const { port, origin } = await behind(t, 'emit: [w3c, b3, sw8]\nexport: [{ console: {} }]')
  const ours = [
    ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'Via', 'traceparent'],
    ...['tracestate', 'b3', 'sw8', 'Host']
  ]
  for (const spelling of [(name: string) => name, (name: string) => name.toUpperCase()]) {
    const answer = await ask(t, port, {
      fields: [
        ['Connection', `keep-alive, ${ours.map(spelling).join(' ,\t')}`],
        ['connection', ours.map(spelling).join(',')]
      ]
    })
    t.equal(statusOf(answer), 200)
    for (const name of ours) {
      if (name !== 'tracestate') t.type(valueIn(origin.last(), name.toLowerCase()), 'string', name)
    }
  }
})

/**
 * CVE-2026-3635 (Fastify). With trusted proxies configured, X-Forwarded-Proto and -Host were believed of everybody: who
 * reached the server past its proxy could be https and any host.
 */
t.test('CVE-2026-3635: X-Forwarded-* are believed of the proxies named, and of nobody else', async t => {
  const { port, origin } = await behind(t, 'proxies: [127.0.0.7]')
  const claims = [
    ['X-Forwarded-For', '192.0.2.1'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'bank.example'],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Prefix', '/admin'],
    ['Forwarded', 'for=192.0.2.1;proto=https'],
    ['X-Real-IP', '192.0.2.1']
  ] as const
  await ask(t, port, { fields: claims })
  const stranger = origin.last()
  t.equal(valueIn(stranger, 'x-forwarded-for'), '127.0.0.1')
  t.equal(valueIn(stranger, 'x-forwarded-proto'), 'http')
  t.equal(valueIn(stranger, 'x-forwarded-host'), 'shop.example')
  t.equal(valueIn(stranger, 'x-forwarded-port'), String(port))
  for (const name of ['x-forwarded-prefix', 'forwarded', 'x-real-ip'])
    t.equal(valueIn(stranger, name), undefined)

  await ask(t, port, { fields: claims, from: '127.0.0.7' })
  const proxy = origin.last()
  t.equal(valueIn(proxy, 'x-forwarded-for'), '192.0.2.1, 127.0.0.7')
  t.equal(valueIn(proxy, 'x-forwarded-proto'), 'https')
  t.equal(valueIn(proxy, 'x-forwarded-host'), 'bank.example')
})

/** CVE-2026-21710: node's headersDistinct threw at `__proto__`. Field names are no keys of objects here. */
t.test('CVE-2026-21710: __proto__ is a name like any other', async t => {
  const { port, origin } = await behind(
    t,
    '',
    () => 'HTTP/1.1 200 OK\r\n__proto__: a\r\nconstructor: b\r\n__proto__: c\r\nContent-Length: 0\r\n\r\n'
  )
  const fields = [
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['hasOwnProperty', 'c'],
    ['__proto__', 'd'],
    ['Connection', '__proto__x, toString'],
    ['baggage', '__proto__=1,constructor=2'],
    ['tracestate', '__proto__=1'],
    ['Cookie', '__proto__=1']
  ] as const
  const answer = await ask(t, port, { fields })
  t.equal(statusOf(answer), 200)
  t.equal(valueIn(answer, '__proto__'), 'a,c')
  t.equal(valueIn(origin.last(), '__proto__'), 'a,d')
  t.equal(Reflect.get({}, 'a'), undefined)
})

/** http-proxy issue 1647: Trailer on a request without chunks ended the process. */
t.test('http-proxy 1647: Trailer ends no process', async t => {
  const { port, origin } = await behind(
    t,
    '',
    () => 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nok'
  )
  for (const method of ['GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS']) {
    const answer = await ask(t, port, { method, fields: [['Trailer', 'X-Sum, Content-Length, Host']] })
    t.equal(statusOf(answer), 200)
    t.equal(valueIn(origin.last(), 'trailer'), undefined)
  }
})

/** CVE-2026-22036: undici decoded as many layers of Content-Encoding as an answer named. None is decoded here. */
t.test('CVE-2026-22036: an answer of a thousand codings goes on as it is', async t => {
  const codings = Array(1000).fill('gzip').join(', ')
  const { port } = await behind(
    t,
    '',
    () => `HTTP/1.1 200 OK\r\nContent-Encoding: ${codings}\r\nContent-Length: 3\r\n\r\nabc`
  )
  const answer = await ask(t, port)
  t.equal(valueIn(answer, 'content-encoding'), codings)
  t.equal(answer.body.toString(), 'abc')
})

/** CVE-2016-5385 (httpoxy): behind CGI, `Proxy` became HTTP_PROXY, and the service called where the caller wished. */
t.test('CVE-2016-5385: nobody’s Proxy goes on', async t => {
  const { port, origin } = await behind(t)
  await ask(t, port, {
    fields: [
      ['Proxy', 'http://evil.example'],
      ['PROXY', 'http://evil.example']
    ]
  })
  t.notMatch(origin.last().head, /evil/)
})

/** CVE-2025-27209 and CVE-2026-21717: names made so that they collide. There are never more than a hundred. */
t.test('CVE-2025-27209, CVE-2026-21717: there is no room for names that collide', async t => {
  const { port } = await behind(t)
  const client = await connectRaw(t, port)
  client.send(
    `GET /x HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 5000 }, (_, i) => `${i}:\r\n`).join('')}\r\n`
  )
  t.equal(statusOf(await client.answer()), 431)
})
