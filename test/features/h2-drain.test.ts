// The end of a gateway, for callers by HTTP/2: they are told to go elsewhere, and lose nothing.
import t from 'tap'
import { ask, blockOf, connectFrames, connectH2, frameTypes } from '../h2.ts'
import { startOrigin } from '../origin.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

t.test('streams under way end well, idle sessions end at once, new ones find nobody', async t => {
  const origin = await startOrigin(t, ({ start }) =>
    start.includes('/slow') ? undefined : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  )
  const { url, app } = await run(
    t,
    `
drain: { linger: 0s }
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const [busy, idle] = await Promise.all([connectH2(t, url), connectH2(t, url)])
  t.equal(await ask(idle).over, 'end')
  const answer = ask(busy, { path: '/slow' })
  await until(() => origin.requests.length === 2, 'it is in flight')
  const told: number[] = []
  busy.on('goaway', code => told.push(code))
  const closed = app.close()
  await until(() => told.length > 0 && idle.destroyed, 'both are told')
  t.equal(told[0], 0, 'NO_ERROR')
  t.equal(answer.status(), 0)
  for (const socket of origin.open) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nslowly')
  t.same([await answer.over, answer.text()], ['end', 'slowly'])
  await closed
  await until(() => busy.destroyed, 'it is over')
})

t.test('of a request that was on its way when they were told, they know that it was not begun', async t => {
  const origin = await startOrigin(t)
  const { port, app } = await run(
    t,
    `
drain: { linger: 0s }
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const client = await connectFrames(t, port)
  const fields = blockOf([':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'shop.example'])
  client.send(frameTypes.headers, 5, 1, fields)
  await client.frame(frameTypes.headers, 1)
  const closed = app.close()
  const { payload } = await client.frame(frameTypes.goaway, 0)
  t.equal(payload.readUInt32BE(0), 1, 'the last stream that counts')
  // As if it had been sent before that word arrived.
  client.send(frameTypes.headers, 5, 3, fields)
  await closed
  t.equal(origin.requests.length, 1)
})
