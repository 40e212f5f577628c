import t from 'tap'
import { captureLike } from '../captured.ts'
import { alone, ask, yaml } from './alone.ts'

const { trace_id: traceId } = captureLike()
const short = captureLike({ trace_id: 'a3ce929d0e0e4736'.padStart(32, '0') })

t.test('the list is without what was sent, one trace with all of it', async t => {
  const admin = await alone(t)
  t.strictSame(JSON.parse((await ask(`${admin.url}/api/captures`)).text), { captures: [] })
  const latest = captureLike({ span_id: '00f067aa0ba902b8' })
  admin.captures = [latest, short, captureLike()]
  const list = JSON.parse((await ask(`${admin.url}/api/captures`)).text)
  t.equal(list.captures.length, 3)
  t.strictSame(Object.keys(list.captures[0]), [
    ...['time', 'trace_id', 'span_id', 'why', 'route', 'method', 'scheme', 'host', 'path'],
    ...['status', 'failure', 'duration_ms']
  ])
  const one = JSON.parse((await ask(`${admin.url}/api/captures/${traceId.toUpperCase()}?x`)).text)
  t.strictSame(one, { captures: [latest, captureLike()] })
})

t.test('a trace of 64 bits is found by 16 digits, and what is no id is not found', async t => {
  const admin = await alone(t)
  admin.captures = [short]
  t.equal((await ask(`${admin.url}/api/captures/a3ce929d0e0e4736`)).status, 200)
  for (const path of ['', '/', 'a', traceId, `${traceId}/`, `${traceId}0`]) {
    t.equal((await ask(`${admin.url}/api/captures/${path}`)).status, 404, path)
  }
  t.match((await ask(`${admin.url}/api/captures`, 'POST')).headers, { allow: 'GET, HEAD' })
})

t.test('with a token nobody sees captures without it', async t => {
  const admin = await alone(t, `admin: { token: open-sesame }\n${yaml}`)
  admin.captures = [captureLike()]
  for (const path of ['', `/${traceId}`, '/anything']) {
    const url = `${admin.url}/api/captures${path}`
    for (const headers of [{}, { authorization: 'Bearer x' }] as const) {
      const refused = await ask(url, 'GET', headers)
      t.equal(refused.status, 401)
      t.equal(refused.headers['www-authenticate'], 'Bearer')
    }
    t.equal((await ask(url, 'HEAD')).status, 401)
  }
  const authorization = 'Bearer open-sesame'
  t.equal((await ask(`${admin.url}/api/captures/${traceId}`, 'GET', { authorization })).status, 200)
  t.equal((await ask(`${admin.url}/metrics`)).status, 200, 'what else is read stays as it was')
})

t.test('a page that reaches the listener through another name sees nothing, whatever it knows', async t => {
  const { url } = await alone(t)
  const refused = await ask(`${url}/api/captures`, 'GET', { host: 'evil.example' })
  t.equal(refused.status, 403)
  t.equal((await ask(`${url}/api/captures`, 'GET', { origin: 'http://evil.example' })).status, 403)
})
