// What is posted to the admin listener: translate and reload.
import t from 'tap'
import { connectRaw } from '../raw.ts'
import { parseMetrics, readingOf } from '../report/prometheus-text.ts'
import { run } from '../running.ts'
import { alone, ask, yaml } from './alone.ts'

t.test('POST /translate answers the object of the contract', async t => {
  const { url } = await alone(t)
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const body = JSON.stringify({ headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } })
  const { status, text } = await ask(`${url}/translate`, 'POST', {}, body)
  t.equal(status, 200)
  t.match(JSON.parse(text), {
    received: { dialect: 'w3c', kind: 'context', traceId: trace },
    upstreams: { orders: { set: [['X-B3-TraceId', trace]] } }
  })
  t.match(JSON.parse((await ask(`${url}/translate`, 'POST')).text), { received: { kind: 'none' } })
})

t.test('a body that is no question is 400, and none of it is repeated', async t => {
  const { url } = await alone(t)
  for (const body of ['{', 'evil', '[]', '{"path":"evil"}', '{"from":"evil"}', '{"headers":{"evil":1}}']) {
    const { status, text } = await ask(`${url}/translate`, 'POST', {}, body)
    t.equal(status, 400, body)
    t.notMatch(text, 'evil')
    t.match(JSON.parse(text), { error: /./ })
  }
})

t.test('a body of 64 KiB is read, one byte more is 413', async t => {
  const { url } = await alone(t)
  const body = (bytes: number) => `{"host":"${'a'.repeat(bytes - 11)}"}`
  t.equal(body(64 * 1024).length, 64 * 1024)
  t.equal((await ask(`${url}/translate`, 'POST', {}, body(64 * 1024))).status, 200)
  t.equal((await ask(`${url}/translate`, 'POST', {}, body(64 * 1024 + 1))).status, 413)
})

t.test('a body without end is answered, and its connection closed', async t => {
  const { port } = await alone(t)
  const client = await connectRaw(t, port)
  client.send('POST /translate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n')
  client.send('x'.repeat(64 * 1024 + 1))
  await client.over
  t.match(client.text(), /^HTTP\/1\.1 413 /)
  t.match(client.text(), /\r\nConnection: close\r\n/)
})

t.test('a refused call with a body does not leave the body to be taken for a request', async t => {
  const { port, reloads } = await alone(t)
  const client = await connectRaw(t, port)
  const hidden = 'POST /reload HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  client.send('POST /translate HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9999\r\n\r\n')
  client.send(hidden)
  await client.over
  t.match(client.text(), /^HTTP\/1\.1 403 /)
  t.equal(client.text().split('HTTP/1.1').length, 2, 'one answer')
  t.equal(reloads(), 0)
})

t.test('a reload that fails inside is 500, and says nothing of the inside', async t => {
  const admin = await alone(t)
  admin.reloaded = () => Promise.reject(new Error('/etc/secret'))
  t.strictSame(
    await ask(`${admin.url}/reload`, 'POST').then(({ status, text }) => [status, JSON.parse(text)]),
    [500, { error: 'internal' }]
  )
})

t.test('/reload puts new rules in force, and answers how many routes there are', async t => {
  const { adminUrl, rewrite } = await run(t, yaml)
  rewrite(`${yaml}  - { name: more, match: { path: /more }, upstream: orders }\n`)
  const { status, text } = await ask(`${adminUrl}/reload`, 'POST')
  t.equal(status, 200)
  t.strictSame(JSON.parse(text), { ok: true, routes: 2 })
  t.match(JSON.parse((await ask(`${adminUrl}/config`)).text), {
    routes: [{ name: 'orders' }, { name: 'more' }]
  })
})

t.test('/reload of broken rules is 422 with every complaint, and the old rules stay', async t => {
  const { adminUrl, rewrite, file } = await run(t, yaml)
  const before = (await ask(`${adminUrl}/config`)).text
  rewrite(`${yaml}colour: blue\nsampling: { rate: 300% }\n`)
  const { status, text } = await ask(`${adminUrl}/reload`, 'POST')
  t.equal(status, 422)
  const { ok, complaints } = JSON.parse(text)
  t.equal(ok, false)
  t.match(complaints, [
    { file, line: /^\d+$/, column: /^\d+$/, path: '.colour', message: /./ },
    { file, line: /^\d+$/, column: /^\d+$/, path: '.sampling.rate', message: /./ }
  ])
  t.equal(complaints.length, 2)
  t.equal((await ask(`${adminUrl}/config`)).text, before)
  const families = parseMetrics((await ask(`${adminUrl}/metrics`)).text, 'prometheus')
  const refused = { outcome: 'refused' }
  t.equal(readingOf(families.get('tracebridge_reloads'), 'tracebridge_reloads_total', refused), 1)
})

t.test('a whole gateway is ready, alive, and says how it is', async t => {
  const { adminUrl } = await run(t, yaml)
  t.equal((await ask(`${adminUrl}/readyz`)).status, 200)
  t.equal((await ask(`${adminUrl}/livez`)).status, 200)
  parseMetrics((await ask(`${adminUrl}/metrics`)).text, 'prometheus')
})
