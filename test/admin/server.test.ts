import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { acceptedByRank } from '../../src/dialects/find.ts'
import { parseMetrics, readingOf } from '../report/prometheus-text.ts'
import { folderOf } from '../rules/rule-files.ts'
import { alone, ask, yaml } from './alone.ts'

t.test('/livez answers as long as the process does', async t => {
  const admin = await alone(t)
  admin.ready = false
  t.match(await ask(`${admin.url}/livez`), { status: 200, text: 'ok\n' })
})

t.test('/readyz is 503 while the gateway is not ready', async t => {
  const admin = await alone(t)
  t.match(await ask(`${admin.url}/readyz`), { status: 200, text: 'ok\n' })
  admin.ready = false
  t.match(await ask(`${admin.url}/readyz`), { status: 503, text: 'not ready\n' })
})

t.test('/metrics speaks Prometheus, and OpenMetrics to who asks for it', async t => {
  const admin = await alone(t)
  admin.metrics.reload('applied')
  const plain = await ask(`${admin.url}/metrics`)
  t.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const reloads = parseMetrics(plain.text, 'prometheus').get('tracebridge_reloads')
  t.equal(readingOf(reloads, 'tracebridge_reloads_total', { outcome: 'applied' }), 1)
  const open = await ask(`${admin.url}/metrics?x=y`, 'GET', { accept: 'application/openmetrics-text' })
  t.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.ok(open.text.endsWith('\n# EOF\n'))
  parseMetrics(open.text, 'openmetrics')
})

t.test('/config shows the rules in force with every default, and secrets as references', async t => {
  const folder = folderOf(t, { token: 'open-sesame\n' })
  const file = join(folder, 'rules.yaml')
  const text = `
admin: { token: "\${file:${join(folder, 'token')}}" }
export: [{ otlp: { url: "http://127.0.0.1:9/v1/traces?key=open-sesame", headers: { api-key: open-sesame } } }]
upstreams: { orders: { targets: [{ url: http://127.0.0.1:9 }] } }
routes: [{ match: { path: /** }, upstream: orders }]
`
  writeFileSync(file, text)
  const { url } = await alone(t, text)
  const { status, headers, text: shown } = await ask(`${url}/config`)
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json')
  t.notMatch(shown, 'open-sesame')
  t.match(JSON.parse(shown), {
    admin: { token: /^\$\{file:.*\}$/ },
    export: [{ otlp: { url: 'http://127.0.0.1:9/v1/traces?***', headers: { 'api-key': '***' } } }],
    sampling: { rate: '100%', parent: 'follow' },
    accept: acceptedByRank.map(dialect => dialect.name)
  })
})

t.test('HEAD is GET without the body', async t => {
  const { url } = await alone(t)
  for (const path of ['/livez', '/readyz', '/config']) {
    const get = await ask(url + path)
    const head = await ask(url + path, 'HEAD')
    t.equal(head.status, 200, path)
    t.equal(head.text, '')
    t.equal(head.headers['content-length'], get.headers['content-length'])
  }
  t.equal((await ask(`${url}/metrics`, 'HEAD')).status, 200)
})

t.test('what is not there is 404', async t => {
  const { url } = await alone(t)
  for (const path of ['/', '/nothing', '/livez/', '/LIVEZ', '/__proto__', '//livez']) {
    for (const method of ['GET', 'POST'] as const) {
      const { status, text } = await ask(url + path, method)
      t.equal(status, 404, path)
      t.strictSame(JSON.parse(text), { error: 'not found' })
    }
  }
})

t.test('what is there for another method is 405, and says for which', async t => {
  const { url, reloads } = await alone(t)
  for (const [path, methods, allow] of [
    ['/livez', ['POST', 'PUT', 'DELETE'], 'GET, HEAD'],
    ['/readyz', ['POST'], 'GET, HEAD'],
    ['/metrics', ['POST'], 'GET, HEAD'],
    ['/config', ['PUT', 'PATCH'], 'GET, HEAD'],
    ['/reload', ['GET', 'HEAD', 'PUT', 'DELETE'], 'POST'],
    ['/translate', ['GET', 'OPTIONS'], 'POST']
  ] as const) {
    for (const method of methods) {
      const { status, headers } = await ask(url + path, method)
      t.equal(status, 405, `${method} ${path}`)
      t.equal(headers['allow'], allow, `${method} ${path}`)
    }
  }
  t.equal(reloads(), 0)
})

t.test('no answer is kept by a cache', async t => {
  const { url } = await alone(t)
  for (const path of ['/livez', '/config', '/nothing']) {
    t.equal((await ask(url + path)).headers['cache-control'], 'no-store')
  }
})

t.test('a rebound name or a foreign page changes nothing, but may be read', async t => {
  const { url, port, reloads } = await alone(t)
  for (const headers of [
    { host: 'evil.example' },
    { host: `evil.example:${port}` },
    { origin: 'http://evil.example' },
    { origin: 'null' }
  ]) {
    for (const path of ['/reload', '/translate']) {
      t.equal((await ask(url + path, 'POST', headers)).status, 403, JSON.stringify(headers))
    }
    t.equal((await ask(`${url}/livez`, 'GET', headers)).status, 200)
  }
  t.equal(reloads(), 0)
  for (const headers of [{ origin: url }, { host: `localhost:${port}` }, { host: `[::1]:${port}` }]) {
    t.equal((await ask(`${url}/reload`, 'POST', headers)).status, 200, JSON.stringify(headers))
  }
  t.equal(reloads(), 3)
})

t.test('with a token, who changes something has to show it, and is told so', async t => {
  const { url, reloads } = await alone(t, `admin: { token: open-sesame }\n${yaml}`)
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic open-sesame' }]) {
    for (const path of ['/reload', '/translate']) {
      const refused = await ask(url + path, 'POST', headers)
      t.equal(refused.status, 401)
      t.equal(refused.headers['www-authenticate'], 'Bearer')
      t.notMatch(refused.text, 'open-sesame')
    }
  }
  t.equal(reloads(), 0)
  const authorization = 'Bearer open-sesame'
  t.equal((await ask(`${url}/reload`, 'POST', { authorization })).status, 200)
  t.equal((await ask(`${url}/translate`, 'POST', { authorization })).status, 200)
  t.equal((await ask(`${url}/reload`, 'POST', { authorization, host: 'evil.example' })).status, 403)
  t.equal(reloads(), 1)
  for (const path of ['/livez', '/readyz', '/metrics', '/config'])
    t.equal((await ask(url + path)).status, 200)
})
