import t from 'tap'
import { alone, ask, yaml } from './alone.ts'

const bidden = { 'x-tracebridge-drain': 'yes' }

t.test('POST /drain takes the gateway out of service', async t => {
  const admin = await alone(t)
  t.match(await ask(`${admin.url}/drain`, 'POST'), { status: 200, text: /"draining": true/ })
  t.match(await ask(`${admin.url}/readyz`), { status: 503 })
})

t.test('it answers after the time that it was asked to wait', async t => {
  const admin = await alone(t)
  const start = performance.now()
  t.match(await ask(`${admin.url}/drain?wait=100ms`, 'POST'), { status: 200 })
  t.ok(performance.now() - start >= 95)
})

t.test('what is no time, or too long a one, changes nothing', async t => {
  const admin = await alone(t)
  for (const wait of ['', '5', 'soon', '61s', '-1s']) {
    t.match(await ask(`${admin.url}/drain?wait=${wait}`, 'POST'), { status: 400, text: /wait: expected/ })
  }
  t.equal(admin.ready, true)
})

t.test('GET is for who says that it is no page in a browser', async t => {
  const admin = await alone(t)
  t.match(await ask(`${admin.url}/drain?wait=0s`), { status: 405, headers: { allow: 'POST' } })
  t.equal(admin.ready, true)
  t.match(await ask(`${admin.url}/drain?wait=0s`, 'GET', bidden), { status: 200 })
  t.equal(admin.ready, false)
})

t.test('neither goes without the token, nor for a page of another site', async t => {
  const admin = await alone(t, `admin: { token: open-sesame }\n${yaml}`)
  t.match(await ask(`${admin.url}/drain`, 'POST'), { status: 401 })
  t.match(await ask(`${admin.url}/drain`, 'GET', bidden), { status: 401 })
  const authorization = 'Bearer open-sesame'
  t.match(await ask(`${admin.url}/drain`, 'POST', { authorization, origin: 'http://evil.example' }), {
    status: 403
  })
  t.equal(admin.ready, true)
  t.match(await ask(`${admin.url}/drain`, 'POST', { authorization }), { status: 200 })
})
