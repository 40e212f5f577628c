// "Whoever has seen the new version shall go on seeing it", though the service has no session and sets no cookie.
import t, { type Test } from 'tap'
import { connectTls, tlsOf } from '../certificates.ts'
import type { Message } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask, requestOf } from '../raw.ts'
import { type Running, run } from '../running.ts'

/** All that an answer has of one name. */
function valuesIn({ fields }: Message, name: string): readonly string[] {
  return fields.flatMap(([each, value]) => (each.toLowerCase() === name ? value : []))
}

type Split = Running & { readonly base: Origin; readonly gray: Origin }

const answer = (more = '') => `HTTP/1.1 200 OK\r\n${more}Content-Length: 0\r\n\r\n`

async function split(t: Test, sticky: string, more = '', own = ''): Promise<Split> {
  const base = await startOrigin(t, () => answer(own))
  const gray = await startOrigin(t, () => answer(own))
  const gateway = await run(
    t,
    `${more}
upstreams:
  orders:
    targets:
      - { url: "${base.url}", weight: 3, tags: { service.tag: base } }
      - { url: "${gray.url}", weight: 1, tags: { service.tag: gray } }
    sticky: ${sticky}
routes: [{ match: {}, upstream: orders, cors: { origins: ["https://shop.example"] } }]
`
  )
  return { ...gateway, base, gray }
}

const pattern = /^side=([0-9a-f]{32}); Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/

t.test('who has no cookie gets one, and stays on its side from the first answer on', async t => {
  const { port, base, gray } = await split(t, '{ cookie: side, set: 24h }')
  const keys = new Set<string>()
  for (let i = 0; i < 80; i++) {
    const before = gray.requests.length
    const first = await ask(t, port)
    const [cookie = '', ...others] = valuesIn(first, 'set-cookie')
    t.same(others, [])
    const key = pattern.exec(cookie)?.[1] ?? cookie
    t.match(key, /^[0-9a-f]{32}$/)
    t.same(valuesIn(first, 'cache-control'), ['private'], 'no cache may give it to others')
    keys.add(key)
    const wasGray = gray.requests.length > before
    const again = await ask(t, port, { fields: [['Cookie', `a=b; side=${key}`]] })
    t.same([valuesIn(again, 'set-cookie'), valuesIn(again, 'cache-control')], [[], []])
    t.equal(gray.requests.length, before + (wasGray ? 2 : 0))
  }
  t.equal(keys.size, 80, 'each is another')
  t.equal(base.requests.length + gray.requests.length, 160)
  t.ok(gray.requests.length > 10 && gray.requests.length < 80, `${gray.requests.length / 2} of 80 are gray`)
})

t.test('a share of a match on that cookie holds from the first request on', async t => {
  const gray = await startOrigin(t)
  const base = await startOrigin(t)
  const { port } = await run(
    t,
    `
upstreams:
  orders:
    targets:
      - { url: "${base.url}", tags: { service.tag: base } }
      - { url: "${gray.url}", weight: 0, tags: { service.tag: gray }, match: { key: { cookie: side }, share: 50% } }
    sticky: { cookie: side, set: session }
routes: [{ match: {}, upstream: orders }]
`
  )
  for (let i = 0; i < 40; i++) {
    const before = gray.requests.length
    const [cookie = ''] = valuesIn(await ask(t, port), 'set-cookie')
    t.match(cookie, /^side=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/, 'until the browser is closed')
    const first = gray.requests.length - before
    await ask(t, port, { fields: [['Cookie', cookie.split(';', 1).join('')]] })
    t.equal(gray.requests.length - before, 2 * first)
  }
  t.ok(gray.requests.length > 0 && base.requests.length > 0)
})

t.test(
  'what makes no sense is replaced, what the service sets itself is not, and preflights get none',
  async t => {
    const { port } = await split(t, '{ cookie: side, set: 24h }')
    const long = await ask(t, port, { fields: [['Cookie', `side=${'x'.repeat(600)}`]] })
    t.match(valuesIn(long, 'set-cookie'), [pattern])
    const cors = [
      ['Origin', 'https://shop.example'],
      ['Access-Control-Request-Method', 'PUT']
    ] as const
    t.same(valuesIn(await ask(t, port, { method: 'OPTIONS', fields: cors }), 'set-cookie'), [])
    const own = await split(t, '{ cookie: side, set: 24h }', '', 'Set-Cookie: side=mine; Path=/\r\n')
    t.same(valuesIn(await ask(t, own.port), 'set-cookie'), ['side=mine; Path=/'])
    const other = await split(t, '{ cookie: side, set: 24h }', '', 'set-cookie: sides=1\r\n')
    t.match(valuesIn(await ask(t, other.port), 'set-cookie'), ['sides=1', pattern])
  }
)

t.test('no cache is told otherwise: what goes before Cache-Control is not sent beside a key', async t => {
  const told = 'Cache-Control: max-age=60\r\nCDN-Cache-Control: max-age=600\r\n'
  const more = `${told}Surrogate-Control: max-age=9\r\nX-Accel-Expires: 9\r\nX-Cache: a\r\n`
  const { port } = await split(t, '{ cookie: side, set: 24h }', '', more)
  const names = ['cache-control', 'cdn-cache-control', 'surrogate-control', 'x-accel-expires', 'x-cache']
  const fresh = await ask(t, port)
  t.same(
    names.map(name => valuesIn(fresh, name)),
    [['max-age=60', 'private'], [], [], [], ['a']]
  )
  const known = await ask(t, port, { fields: [['Cookie', 'side=mine']] })
  t.same(
    names.map(name => valuesIn(known, name)),
    [['max-age=60'], ['max-age=600'], ['max-age=9'], ['9'], ['a']],
    'who has a key gets what the service says'
  )
})

t.test(
  'it is Secure where the caller came by TLS, as far as a believed proxy says, or its name asks for it',
  async t => {
    const forwarded = [['X-Forwarded-Proto', 'https']] as const
    const inside = await split(t, '{ cookie: side, set: session }')
    const secure = /; SameSite=Lax; Secure$/
    t.match(valuesIn(await ask(t, inside.port, { fields: forwarded }), 'set-cookie'), [secure])
    t.notMatch(valuesIn(await ask(t, inside.port), 'set-cookie'), [secure])
    const strangers = 'trust: [{ from: any, context: restart }]'
    const outside = await split(t, '{ cookie: side, set: session }', strangers)
    t.notMatch(valuesIn(await ask(t, outside.port, { fields: forwarded }), 'set-cookie'), [secure])
    const byTls = await split(
      t,
      '{ cookie: side, set: session }',
      `listen: [{ address: 127.0.0.1:0, ${tlsOf()} }]`
    )
    const caller = await connectTls(t, byTls.port)
    caller.send(requestOf({}))
    t.match(valuesIn(await caller.answer(), 'set-cookie'), [secure])
    for (const name of ['__Host-side', '__secure-side', '__Http-side']) {
      const named = await split(t, `{ cookie: ${name}, set: session }`)
      t.match(valuesIn(await ask(t, named.port), 'set-cookie'), [secure], name)
    }
  }
)
