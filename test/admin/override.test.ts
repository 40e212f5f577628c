import t from 'tap'
import { alone, ask, yaml } from './alone.ts'

const put = (url: string, body: string, headers: Record<string, string> = {}) =>
  ask(`${url}/sampling`, 'PUT', headers, body)

t.test('a body that is no override is 400 with all that is wrong, and changes nothing', async t => {
  const { url } = await alone(t)
  for (const [body, complaints] of [
    ['{', ['the body is not JSON']],
    ['', ['the body is not JSON']],
    ['[]', ['the body: expected a map']],
    ['{}', ['the body: expected the key rate', 'the body: expected the key for']],
    [
      '{"rate":"300%","for":"1d","parent":"x"}',
      [
        'rate: expected a rate from 0% to 100%, or from 0 to 1',
        'parent: expected one of follow, cap, ignore',
        'for: expected a duration such as 250ms, 5s, 10m or 1h'
      ]
    ],
    ['{"rate":1,"for":"25h"}', ['for: expected a time above 0, up to 24h']],
    ['{"rate":1,"for":"0s"}', ['for: expected a time above 0, up to 24h']],
    ['{"rate":1,"for":"1s","match":7}', ['match: expected a map']],
    ['{"rate":1,"for":"1s","match":{"path":"x"}}', [/^match\.path: /]],
    ['{"rate":1,"for":"1s","match":{"route":"evil"}}', ['match.route: expected the name of a route']],
    ['{"rate":1,"for":"1s","evil":1}', [/^the body: unknown key, expected one of for, match, parent, rate/]],
    ['{"rate":1,"for":"1s","match":{"evil":1}}', [/^match: unknown key, expected one of header, host, /]]
  ] as const) {
    const { status, text } = await put(url, body)
    t.equal(status, 400, body)
    t.match(JSON.parse(text), { error: 'the override is refused', complaints })
    t.equal(JSON.parse(text).complaints.length, complaints.length)
    t.notMatch(text, 'evil')
  }
  t.match(JSON.parse((await ask(`${url}/sampling`)).text), { overrides: [] })
})

t.test('only who may change something may change it', async t => {
  const { url } = await alone(t, `admin: { token: open-sesame }\n${yaml}`)
  const body = '{"rate":1,"for":"1s"}'
  const authorization = 'Bearer open-sesame'
  t.equal((await put(url, body)).status, 401)
  t.equal((await ask(`${url}/sampling`, 'DELETE')).status, 401)
  t.equal((await put(url, body, { authorization, host: 'evil.example' })).status, 403)
  t.equal((await put(url, body, { authorization, origin: 'http://evil.example' })).status, 403)
  t.equal((await put(url, body, { authorization })).status, 200)
  t.equal((await ask(`${url}/sampling`)).status, 200)
  const other = await ask(`${url}/sampling`, 'POST')
  t.equal(other.status, 405)
  t.equal(other.headers['allow'], 'GET, HEAD, PUT, DELETE')
})

t.test('time goes by, and the log tells who came and went', async t => {
  const admin = await alone(t)
  t.equal((await put(admin.url, '{"rate":"12.5%","for":"90s","match":{}}')).status, 200)
  const shown = async () => JSON.parse((await ask(`${admin.url}/sampling`)).text).overrides
  admin.clock = 30_500
  t.strictSame(await shown(), [{ id: '1', match: {}, rate: '12.5%', for: '90s', remaining: '1m' }])
  admin.clock = 90_000
  t.strictSame(await shown(), [])
  await put(admin.url, '{"rate":1,"for":"1h"}')
  await ask(`${admin.url}/sampling`, 'DELETE')
  t.match(admin.log.join(''), /overridden for a while.*\n?.*overridden for a while.*\n?.*ended/)
})

t.test('more than a hundred are a mistake', async t => {
  const { url } = await alone(t)
  for (let n = 0; n < 100; n++) {
    const body = JSON.stringify({ match: { path: `/${n}` }, rate: 1, for: '1h' })
    if ((await put(url, body)).status !== 200) t.fail(`${n} is refused`)
  }
  t.equal((await put(url, '{"match":{"path":"/one-more"},"rate":1,"for":"1h"}')).status, 409)
  t.equal(
    (await put(url, '{"match":{"path":"/7"},"rate":0,"for":"1h"}')).status,
    200,
    'in place of an equal one'
  )
  const { overrides } = JSON.parse((await ask(`${url}/sampling`)).text)
  t.equal(overrides.length, 100)
  t.match(overrides[0], { match: { path: '/7' }, rate: '0%' }, 'the latest first')
})
