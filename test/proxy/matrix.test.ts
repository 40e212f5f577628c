// Hostile bytes, one row for each: what the caller is told, the exact bytes that the upstream saw, and whether the
// connection takes another request. The rows are in test/proxy/matrix, by theme.
import t, { type Test } from 'tap'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { connectRaw, type RawClient, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { answers } from './matrix/answers.ts'
import { fields } from './matrix/fields.ts'
import { framing } from './matrix/framing.ts'
import { hosts } from './matrix/hosts.ts'
import { paths } from './matrix/paths.ts'
import { type AnswerRow, lines, type Row, request } from './matrix/row.ts'
import { targets } from './matrix/targets.ts'

const probe = request('GET /probe HTTP/1.1')
const forbidden = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'

async function behind(
  t: Test,
  respond?: Respond
): Promise<{ readonly port: number; readonly origin: Origin }> {
  const origin = await startOrigin(t, respond)
  const blocked = await startOrigin(t, () => forbidden)
  const { port } = await run(
    t,
    `
accept: [w3c]
upstreams:
  origin: { targets: [{ url: "${origin.url}" }] }
  blocked: { targets: [{ url: "${blocked.url}" }] }
routes:
  - { match: { path: /** }, upstream: origin }
  - { match: { path: /blockedz }, upstream: blocked }
  - { match: { path: /raw/** }, upstream: origin, paths: raw }
  - { match: { path: /caf%C3%A9 }, upstream: origin }
`
  )
  return { port, origin }
}

/** The bytes of a request at the upstream, without what differs from run to run. */
function plain({ head, body }: Origin['requests'][number], port: number): string {
  return `${head.replace(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/m, 'traceparent: T').replace(`X-Forwarded-Port: ${port}\r\n`, 'X-Forwarded-Port: P\r\n')}${body.toString('latin1')}`
}

/** Resolves when there are as many answers, or the connection has ended. */
async function answersOrEnd(client: RawClient, count: number, what: string): Promise<void> {
  let ended = false
  void client.over.then(() => {
    ended = true
  })
  await until(() => ended || client.answers.length >= count, what)
}

/** Whether the connection takes one more request. */
async function takesMore(client: RawClient, before: number): Promise<'open' | 'closed'> {
  client.send(probe)
  await answersOrEnd(client, before + 1, 'the end or one more answer')
  return client.answers.length > before ? 'open' : 'closed'
}

for (const [theme, rows] of Object.entries({ framing, targets, hosts, fields, paths })) {
  t.test(`requests: ${theme}`, async t => {
    const { port, origin } = await behind(t)
    for (const row of rows) await check(t, row, port, origin)
  })
}

async function check(t: Test, row: Row, port: number, origin: Origin): Promise<void> {
  const from = origin.requests.length
  const client = await connectRaw(t, port, { methods: row.methods ?? [] })
  client.send(row.sent)
  if (row.ends === true) client.socket.end()
  await answersOrEnd(client, row.status.length, row.name)
  // Where there is to be no answer, what comes upstream has come by then.
  if (row.ends === true) await client.over
  const got = client.answers.map(statusOf)
  const saw = origin.requests.slice(from).map(each => plain(each, port))
  const after = row.ends === true ? 'closed' : await takesMore(client, got.length)
  t.strictSame(
    { status: got, upstream: saw, after },
    { status: row.status, upstream: row.upstream, after: row.after },
    row.name
  )
  client.socket.destroy()
}

t.test('answers', async t => {
  let current: AnswerRow | undefined
  const { port, origin } = await behind(t, ({ start }, socket) => {
    if (current === undefined || start.includes('/probe'))
      return 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nprobe'
    if (!current.ends) return current.answer
    socket.end(current.answer, 'latin1')
    return undefined
  })
  for (const row of answers) {
    current = row
    await checkAnswer(t, row, port, origin)
  }
})

async function checkAnswer(t: Test, row: AnswerRow, port: number, origin: Origin): Promise<void> {
  const { method = 'GET', version = '1.1' } = row
  const client = await connectRaw(t, port, { methods: [method] })
  client.send(lines(`${method} /x HTTP/${version}`, 'Host: a', ...(row.fields ?? [])))
  await answersOrEnd(client, 1, row.name)
  const got = client
    .text()
    .replace(/^Date: [^\r]*/m, 'Date: D')
    .replace(/^Keep-Alive: [^\r]*/m, 'Keep-Alive: K')
  if (typeof row.got === 'string') t.equal(got, row.got, row.name)
  else t.match(got, row.got, row.name)
  const connections = origin.connections()
  t.equal(await takesMore(client, client.answers.length), row.after, `${row.name}: ${row.after} then`)
  if (row.after === 'open') {
    t.equal(client.answers.at(-1)?.body.toString(), 'probe', `${row.name}: the next answer is its own`)
    if (row.reused !== undefined)
      t.equal(origin.connections() === connections, row.reused, `${row.name}: the upstream’s connection`)
  }
  client.socket.destroy()
}
