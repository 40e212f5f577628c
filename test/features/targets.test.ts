// Upstreams that die and return, drag, or take no more: what callers see of it.
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { holdClosedPort } from '../closed-port.ts'
import { metric } from '../metric.ts'
import { startMortal } from '../mortal.ts'
import { startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const broken = 'HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n'

/** A gateway in front of one upstream of these targets. */
function before(t: Test, urls: readonly string[], keys = ''): Promise<Running> {
  const targets = urls.map(url => `{ url: "${url}" }`).join(', ')
  return run(
    t,
    `
upstreams: { origin: { targets: [${targets}]${keys} } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
}

function available(adminUrl: string, target: string): Promise<number> {
  return metric(adminUrl, 'tracebridge_upstream_target_available', { target })
}

/** While targets die and return under load, no GET is lost. */
async function bear(t: Test, count: number, keys = ''): Promise<void> {
  const mortals = await Promise.all(Array.from({ length: count }, () => startMortal(t)))
  const gateway = await before(
    t,
    mortals.map(({ url }) => url),
    // Fewer connections than callers: all are in use all the time. A request that is the first on its connection may not
    // be sent again, and a listener that closes resets those that it has not accepted yet.
    `, limits: { connections: 10 }${keys}`
  )
  let going = true
  let asked = 0
  const lost = new Map<number, number>()
  const callers = Array.from({ length: 40 }, async () => {
    while (going) {
      const response = await fetch(gateway.url)
      await response.arrayBuffer()
      asked++
      if (response.status !== 200) lost.set(response.status, (lost.get(response.status) ?? 0) + 1)
    }
  })
  await until(() => asked > 400, 'it is warm')
  for (let round = 0; round < 4; round++) {
    const mortal = mortals[round % mortals.length]
    await mortal?.die()
    const gone = asked
    await until(() => asked > gone + 150, 'the others serve on')
    await mortal?.live()
    const back = mortal?.served() ?? 0
    await until(() => (mortal?.served() ?? 0) > back + 30, 'it serves again')
  }
  going = false
  await Promise.all(callers)
  const again = await metric(gateway.adminUrl, 'tracebridge_upstream_retries_total')
  t.comment(`of ${asked} requests ${again} went out again`)
  t.same([...lost], [], 'lost, by status')
  t.ok(again > 0)
  t.equal(await metric(gateway.adminUrl, 'tracebridge_failures_total'), 0)
}

t.test('while targets die and return under load, no GET is lost', async t => {
  await bear(t, 3, ', ejection: { failures: 3, for: 200ms }')
})

t.test('nor is one where each of two dies in its turn', async t => {
  // What it loses as it dies does not leave it out: then the other one would die with nowhere to go.
  await bear(t, 2)
})

t.test('what finds no connection waits, and what finds no room to wait is refused at once', async t => {
  const held: Socket[] = []
  const origin = await startOrigin(t, (_, socket) => {
    held.push(socket)
    return undefined
  })
  const { port, adminUrl } = await before(t, [origin.url], ', limits: { connections: 2, pending: 1 }')
  const clients = await Promise.all([1, 2, 3].map(() => connectRaw(t, port)))
  for (const client of clients) client.send(requestOf({}))
  const waiting = () => metric(adminUrl, 'tracebridge_upstream_requests_waiting', { upstream: 'origin' })
  await until(async () => (await waiting()) === 1 && held.length === 2, 'one waits')

  const refused = await ask(t, port)
  t.equal(statusOf(refused), 503)
  t.equal(JSON.parse(refused.body.toString()).error, 'UPSTREAM_OVERLOADED')
  t.ok(
    refused.fields.some(([name, value]) => name === 'Retry-After' && value === '1'),
    'it says when to come back'
  )
  t.equal(await metric(adminUrl, 'tracebridge_upstream_overloads_total', { upstream: 'origin' }), 1)
  t.equal(await metric(adminUrl, 'tracebridge_upstream_connections'), 2)

  // Who waits and leaves gives its place to another.
  const [, , last] = clients
  last?.socket.destroy()
  await until(async () => (await waiting()) === 0, 'it has left')
  t.equal(await metric(adminUrl, 'tracebridge_requests_in_flight'), 2)
  const next = ask(t, port)
  await until(async () => (await waiting()) === 1, 'another waits')

  for (const socket of held.splice(0)) socket.write(ok)
  for (const client of clients.slice(0, 2)) t.equal(statusOf(await client.answer()), 200)
  await until(() => held.length > 0, 'it has its turn')
  for (const socket of held) socket.write(ok)
  t.equal(statusOf(await next), 200)
  t.equal(origin.requests.length, 3)
})

t.test('a target that fails in a row is left out for a while, and said so once', async t => {
  let well = false
  const bad = await startOrigin(t, () => (well ? ok : broken))
  const good = await startOrigin(t)
  const { port, adminUrl, log } = await before(t, [bad.url, good.url], ', ejection: { failures: 2, for: 4s }')
  t.equal(await available(adminUrl, bad.url), 1)
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) statuses.push(statusOf(await ask(t, port)))
  t.equal(statuses.filter(status => status === 500).length, 2, 'callers saw two')
  t.equal(bad.requests.length, 2)
  t.equal(await available(adminUrl, bad.url), 0)
  t.equal(await available(adminUrl, good.url), 1)
  const reason = { target: bad.url, reason: 'failures' }
  t.equal(await metric(adminUrl, 'tracebridge_upstream_ejections_total', reason), 1)
  const said = (text: string) => log.filter(line => line.includes(text) && line.includes(bad.url)).length
  t.equal(said('a target is left out, for it failed'), 1)

  well = true
  await until(async () => {
    await ask(t, port)
    return bad.requests.length > 2
  }, 'it is asked again')
  await ask(t, port)
  await ask(t, port)
  t.equal(await available(adminUrl, bad.url), 1)
  t.equal(said('a target serves again'), 1)
})

t.test('a target that cannot be connected to is passed over at once, and found again', async t => {
  const mortal = await startMortal(t)
  const others = await Promise.all([1, 2].map(() => startOrigin(t)))
  const { port, adminUrl, log } = await before(t, [mortal.url, ...others.map(({ url }) => url)])
  await mortal.die()
  let passedOver = false
  for (let i = 0; i < 30; i++) {
    t.equal(statusOf(await ask(t, port)), 200)
    // For so short a time at first that a busy machine may miss it, but not always.
    passedOver ||= (await available(adminUrl, mortal.url)) === 0
  }
  t.ok(passedOver)
  const again = await metric(adminUrl, 'tracebridge_upstream_retries_total', { outcome: 'unsent' })
  t.ok(again <= 5, `${again} of 30 went out again`)
  const reason = { target: mortal.url, reason: 'unreachable' }
  t.equal(await metric(adminUrl, 'tracebridge_upstream_ejections_total', reason), 1)
  await mortal.live()
  await until(async () => {
    t.equal(statusOf(await ask(t, port)), 200)
    return mortal.served() > 0
  }, 'it is tried again')
  t.equal(await available(adminUrl, mortal.url), 1)
  t.match(log.join(''), 'a target is passed over, for it cannot be connected to')
  t.match(log.join(''), 'a target is within reach again')
})

t.test('the last target is never left out, and neither is any with ejection: none', async t => {
  const bad = await startOrigin(t, () => broken)
  const { port, adminUrl } = await before(t, [bad.url], ', ejection: { failures: 1, most: 100% }')
  for (let i = 0; i < 3; i++) t.equal(statusOf(await ask(t, port)), 500)
  t.equal(await available(adminUrl, bad.url), 1)
  const other = await startOrigin(t)
  const never = await before(t, [bad.url, other.url], ', ejection: none')
  const statuses = new Set<number>()
  for (let i = 0; i < 16; i++) statuses.add(statusOf(await ask(t, never.port)))
  t.same([...statuses].sort(), [200, 500])
  t.equal(other.requests.length, 8)
})

t.test('what is left out stays so when rules are loaded that change nothing about it', async t => {
  const bad = await startOrigin(t, () => broken)
  const good = await startOrigin(t)
  const rules = (name: string) => `
upstreams: { origin: { targets: [{ url: "${bad.url}" }, { url: "${good.url}" }], ejection: { failures: 1 } } }
routes: [{ name: ${name}, match: { path: /** }, upstream: origin }]
`
  const gateway = await run(t, rules('one'))
  for (let i = 0; i < 2; i++) await ask(t, gateway.port)
  t.equal(await available(gateway.adminUrl, bad.url), 0)
  gateway.rewrite(rules('two'))
  t.match(await gateway.app.reload(), { routes: 1 })
  for (let i = 0; i < 4; i++) t.equal(statusOf(await ask(t, gateway.port)), 200)
  t.equal(bad.requests.length, 1)
})

t.test('health checks take a target out before a request has to find out, and back in', async t => {
  let well = true
  const checked = await startOrigin(t, ({ start }) => {
    if (!start.startsWith('GET /healthz?of=origin ')) return ok
    return well ? ok : 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
  })
  const other = await startOrigin(t)
  const { port, adminUrl, log } = await before(
    t,
    [checked.url, other.url],
    ', health: { path: "/healthz?of=origin", every: 10ms, timeout: 1s, healthy: 2, unhealthy: 3 }'
  )
  await until(() => checked.requests.length > 3, 'it is asked')
  t.equal(await available(adminUrl, checked.url), 1)
  t.match(checked.last().head, /\r\nuser-agent: tracebridge-health\r\n/i)
  well = false
  await until(async () => (await available(adminUrl, checked.url)) === 0, 'it is out')
  const requests = () => checked.requests.filter(({ start }) => start.startsWith('GET / ')).length
  const seen = requests()
  for (let i = 0; i < 6; i++) t.equal(statusOf(await ask(t, port)), 200)
  t.equal(requests(), seen)
  t.equal(await metric(adminUrl, 'tracebridge_upstream_ejections_total', { reason: 'health' }), 1)
  well = true
  await until(async () => (await available(adminUrl, checked.url)) === 1, 'it is back')
  for (let i = 0; i < 4; i++) await ask(t, port)
  t.ok(requests() > seen)
  t.match(log.join(''), 'a target is left out, for its health check fails')
  t.match(log.join(''), 'a target is well again')
})

t.test('a target that nobody can connect to, or that is silent, fails its health check in time', async t => {
  const silent = await startOrigin(t, () => undefined)
  const closed = `http://127.0.0.1:${await holdClosedPort(t)}`
  const other = await startOrigin(t, ({ start }) => (start.includes('/healthz') ? ok : undefined))
  const { adminUrl } = await before(
    t,
    [silent.url, closed, other.url],
    ', health: { path: /healthz, every: 5ms, timeout: 400ms, unhealthy: 1 }'
  )
  for (const url of [silent.url, closed]) {
    await until(async () => (await available(adminUrl, url)) === 0, `${url} is out`)
  }
  // A machine that stands still keeps any answer longer than that, but not each time.
  await until(async () => (await available(adminUrl, other.url)) === 1, 'who answers in time is not')
})

t.test('a target that drags is handed less than one that does not', async t => {
  // So long that the quick one is quick beside it even on a machine that is busy with others.
  const slow = await startMortal(t, () => 500)
  const quick = await startMortal(t, () => 1)
  const { url } = await before(t, [slow.url, quick.url])
  let left = 300
  const callers = Array.from({ length: 10 }, async () => {
    while (left-- > 0) await (await fetch(url)).arrayBuffer()
  })
  await Promise.all(callers)
  t.ok(slow.served() < 100, `${slow.served()} of 300, where taking turns would be 150`)
  t.ok(slow.served() > 0)
})

t.test('a target that begins slowly is waited for', async t => {
  const origin = await startOrigin(t, (_, socket) => {
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Le'), 30)
    setTimeout(() => socket.write('ngth: 2\r\n\r\n'), 60)
    setTimeout(() => socket.write('ok'), 90)
    return undefined
  })
  const { port } = await before(t, [origin.url], ', timeouts: { first-byte: 2s }')
  const answer = await ask(t, port)
  t.equal(statusOf(answer), 200)
  t.equal(answer.body.toString(), 'ok')
})

t.test('an upstream that says more than it announced harms no other request', async t => {
  const origin = await startOrigin(t, ({ start }) =>
    start.includes('/long') ? `${ok}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong` : ok
  )
  const { port } = await before(t, [origin.url], ', limits: { connections: 1 }')
  for (let i = 0; i < 5; i++) {
    t.equal((await ask(t, port, { path: '/long' })).body.toString(), 'ok')
    t.equal((await ask(t, port, { path: '/next' })).body.toString(), 'ok', 'not the answer nobody asked for')
  }
})
