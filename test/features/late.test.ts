// What is kept after all: whatever the rate, requests that failed or were slow are at the collector, within a budget.
import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { createAccessLog } from '../access-log.ts'
import { metric } from '../metric.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

const answer = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`

/** `/fail` fails, `/slow` takes 400 ms, `/cut` breaks off, everything else is well. */
const respond: Respond = ({ start }, socket) => {
  if (start.includes(' /fail')) return answer('500 Internal Server Error')
  if (start.includes(' /busy')) return answer('503 Service Unavailable')
  if (start.includes(' /missing')) return answer('404 Not Found')
  if (start.includes(' /cut')) return void socket.destroy()
  if (!start.includes(' /slow')) return answer('200 OK')
  setTimeout(() => socket.write(answer('200 OK')), 400)
  return undefined
}

async function world(t: Test, sampling: string, rules = (_: Origin) => '') {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const origin = await startOrigin(t, respond)
  const more = rules(origin)
  const gateway = await run(
    t,
    `
sampling: ${sampling}
export: [{ otlp: { url: "${receiver.url}" } }]
emit: [w3c, b3]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
${more === '' ? 'routes: [{ match: { path: /** }, upstream: origin }]' : more}
`
  )
  return { ...gateway, origin, receiver }
}

/** The n-th of a row of ids as random as ids are, the same each time. */
function traceIdOf(n: number): string {
  return createHash('sha256').update(`late ${n}`).digest('hex').slice(0, 32)
}

t.test(
  'at 1 %, of 2,000 requests every failing and every slow one is there, and the metrics count all of them',
  async t => {
    const { url, adminUrl, receiver, origin } = await world(
      t,
      '{ rate: 1%, keep: { errors: 10/s, slow: 1000/s, slower-than: 300ms } }'
    )
    // 0.5 % fail, 0.5 % are slow.
    const paths = Array.from({ length: 2000 }, (_, n) =>
      n % 200 === 7 ? '/fail' : n % 200 === 107 ? '/slow' : '/fine'
    )
    const ids = paths.map((_, n) => traceIdOf(n))
    const pool = new Pool(url, { connections: 20 })
    t.teardown(() => pool.close())
    const statuses = new Map<number, number>()
    let next = 0
    async function call(): Promise<void> {
      while (next < paths.length) {
        const n = next++
        const headers = { b3: `${ids[n]}-00f067aa0ba902b7` }
        const { statusCode, body } = await pool.request({ method: 'GET', path: paths[n] ?? '', headers })
        await body.dump()
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: 20 }, call))
    t.strictSame([...statuses].sort(), [
      [200, 1990],
      [500, 10]
    ])
    for (const [status, count] of statuses) {
      const labels = { status: String(status) }
      await until(
        async () => (await metric(adminUrl, 'http_server_request_duration_seconds_count', labels)) >= count,
        `all of status ${status} are counted`
      )
      t.equal(await metric(adminUrl, 'http_server_request_duration_seconds_count', labels), count)
      t.equal(await metric(adminUrl, 'http_client_request_duration_seconds_count', labels), count)
    }

    // 1 % in the 14 digits of OpenTelemetry, reckoned apart from our code.
    const atHead = new Set(ids.filter(id => id.slice(18) >= 'fd70a4'.padEnd(14, '0')))
    const wanted = new Set([...ids.filter((_, n) => paths[n] !== '/fine'), ...atHead])
    // On a machine that was busy with others a fine one may have been slow; it is there for that alone.
    await until(() => {
      const seen = new Set(receiver.spans().map(span => (span.kind === 2 ? span.traceId : '')))
      return [...wanted].every(id => seen.has(id))
    }, 'all that are wanted are there')
    const reasons = new Map<string, unknown>()
    for (const span of receiver.spans()) {
      const reason = span.attributes.get('tracebridge.sampling.reason')
      if (span.kind === 2) reasons.set(span.traceId, reason)
    }
    for (const [n, id] of ids.entries()) {
      const expected = atHead.has(id) ? 'ratio' : paths[n] === '/fail' ? 'error' : 'slow'
      if (wanted.has(id)) t.equal(reasons.get(id), expected, `${paths[n]} ${id}`)
      else if (reasons.has(id)) t.equal(reasons.get(id), 'slow')
    }
    const flags = origin.requests.map(
      request => [wires.w3c.read(request)?.traceId ?? '', wires.w3c.read(request)?.wish] as const
    )
    t.ok(
      flags.every(([id, wish]) => wish === (atHead.has(id) ? 'keep' : 'drop')),
      'upstreams hear what was decided first'
    )
    const counted = (labels: Record<string, string>) => metric(adminUrl, 'tracebridge_sampling_total', labels)
    t.equal(await counted({}), 2000, 'each is counted once')
    t.equal(
      await counted({ outcome: 'kept', reason: 'error' }),
      [...wanted].filter(id => reasons.get(id) === 'error').length
    )
    t.equal(await counted({ outcome: 'over_budget' }), 0)
  }
)

t.test('both spans say why, claim no odds, and carry the flag that went downstream', async t => {
  const { port, receiver, origin } = await world(t, '{ rate: 0% }')
  await ask(t, port, { path: '/fail', fields: [['b3', `${traceIdOf(2)}-00f067aa0ba902b7`]] })
  const [server, client] = (await receiver.received(2)).toSorted((a, b) => a.kind - b.kind)
  t.match(server, { traceId: traceIdOf(2), parentSpanId: '00f067aa0ba902b7', traceState: '', statusCode: 2 })
  t.equal(server?.attributes.get('tracebridge.sampling.reason'), 'error')
  t.match(client, { parentSpanId: server?.spanId, traceState: '', statusCode: 2 })
  t.ok([server, client].every(span => span !== undefined && (span.flags & 1) === 0))
  t.match(wires.w3c.read(origin.last()), { traceId: traceIdOf(2), wish: 'drop', spanId: client?.spanId })
})

t.test('a failure of the gateway is one too; a 404 and a caller’s own mistake are not', async t => {
  // Whatever the machine does meanwhile, none is slow.
  const { port, receiver, adminUrl } = await world(t, '{ rate: 0%, keep: { slower-than: 1h } }')
  for (const path of ['/missing', '/fine']) await ask(t, port, { path })
  await ask(t, port, { method: 'TRACE' })
  await ask(t, port, { path: '/cut' })
  await receiver.received(2)
  const [reason] = receiver.spans().flatMap(span => span.attributes.get('error.type') ?? [])
  t.equal(reason, 'UPSTREAM_RESET')
  await until(async () => (await metric(adminUrl, 'tracebridge_sampling_total')) === 3, 'all are judged')
  t.equal(await metric(adminUrl, 'tracebridge_sampling_total', { outcome: 'dropped', reason: 'ratio' }), 2)
  t.equal(receiver.spans().filter(({ kind }) => kind === 2).length, 1)
})

t.test('a believed caller’s drop is kept too, for the gateway’s own spans alone', async t => {
  const { port, receiver, origin } = await world(t, '{ rate: 100% }')
  await ask(t, port, { path: '/fail', fields: wires.b3.write(traceIdOf(3), '00f067aa0ba902b7', 'drop') })
  const spans = await receiver.received(2)
  t.ok(spans.every(span => span.traceId === traceIdOf(3)))
  t.match(wires.b3.read(origin.last()), { wish: 'drop' })
})

t.test('beyond the budget none is kept, and it is counted that there were more', async t => {
  const { port, adminUrl, receiver } = await world(t, '{ rate: 0%, keep: { errors: 1/h } }')
  for (let n = 0; n < 8; n++) await ask(t, port, { path: '/fail' })
  const counted = (outcome: string) =>
    metric(adminUrl, 'tracebridge_sampling_total', { outcome, reason: 'error' })
  await until(async () => (await counted('over_budget')) === 7, 'seven were too many')
  t.equal(await counted('kept'), 1)
  await receiver.received(2)
  t.equal(await metric(adminUrl, 'tracebridge_spans_recorded_total'), 2)
})

t.test('it can be turned off, for one route alone too, and a route has its own idea of slow', async t => {
  const off = await world(t, '{ rate: 0%, keep: none }')
  await ask(t, off.port, { path: '/fail' })
  const some = await world(
    t,
    '{ rate: 0%, keep: { slower-than: 1h } }',
    () => `
routes:
  - { match: { path: /fail }, upstream: origin, sampling: { keep: none } }
  - { match: { path: /slow }, upstream: origin, sampling: { keep: { slower-than: 100ms } } }
  - { match: { path: /** }, upstream: origin }
`
  )
  await ask(t, some.port, { path: '/fail' })
  await ask(t, some.port, { path: '/slow' })
  await ask(t, some.port, { path: '/slow/other' })
  await ask(t, some.port, { path: '/busy' })
  await some.receiver.received(4)
  const told = some.receiver.spans().filter(span => span.kind === 2)
  t.strictSame(
    told.map(({ attributes }) => [attributes.get('url.path'), attributes.get('tracebridge.sampling.reason')]),
    [
      ['/slow', 'slow'],
      ['/busy', 'error']
    ]
  )
  t.equal(await metric(off.adminUrl, 'tracebridge_spans_recorded_total'), 0)
})

t.test('a transparent hop keeps nothing', async t => {
  const { port, adminUrl } = await world(
    t,
    '{ rate: 0% }',
    () => 'spans: none\nroutes: [{ match: { path: /** }, upstream: origin }]'
  )
  await ask(t, port, { path: '/fail', fields: wires.b3.write(traceIdOf(4), '00f067aa0ba902b7', 'drop') })
  await until(
    async () => (await metric(adminUrl, 'http_server_request_duration_seconds_count')) === 1,
    'it is counted'
  )
  t.equal(await metric(adminUrl, 'tracebridge_spans_recorded_total'), 0)
  t.equal(await metric(adminUrl, 'tracebridge_sampling_total'), 0)
})

t.test(
  'the line of the access log says that spans are reported though the trace was not sampled',
  async t => {
    const log = createAccessLog(t)
    const { port } = await world(
      t,
      '{ rate: 0%, keep: { slower-than: 1h } }',
      () => `${log.rule}\nroutes: [{ match: { path: /** }, upstream: origin }]`
    )
    for (const path of ['/fail', '/fine']) await ask(t, port, { path })
    t.match(await log.entry('/fail'), { sampled: false, kept: 'error' })
    t.strictSame((await log.entry('/fine'))['kept'], undefined)
  }
)

t.test('what is kept late has its line at any rate of lines', async t => {
  const log = createAccessLog(t)
  const { port } = await world(
    t,
    '{ rate: 0%, keep: { slower-than: 300ms } }',
    () => `${log.rule.replace(' }', ', rate: 0% }')}
routes: [{ match: { path: /** }, upstream: origin }]`
  )
  for (const path of ['/fine', '/slow']) await ask(t, port, { path })
  t.match(await log.entry('/slow'), { status: 200, sampled: false, kept: 'slow' })
  // A fine one has a line as well where the machine stood still meanwhile, but for the same reason alone.
  for (const { kept } of log.entries()) t.equal(kept, 'slow')
})
