import t from 'tap'
import { target } from '../route/match.ts'
import { loaded, minimal } from './rule-files.ts'

t.test(
  'paths are strict, underscores dropped where they pose, and trust decides, unless rules say otherwise',
  async t => {
    const { front, routes } = loaded(t, minimal).rules
    t.match(front, { paths: 'strict', underscores: 'drop', isProxy: undefined, pseudonym: 'tracebridge' })
    t.equal(routes[0]?.paths, 'strict')
  }
)

t.test('a route’s word on paths goes before that of the top', async t => {
  const { rules } = loaded(
    t,
    `
paths: raw
upstreams: { demo: { echo: true } }
routes:
  - { match: { path: /a }, upstream: demo, paths: strict }
  - { match: { path: /b }, upstream: demo }
`
  )
  t.strictSame(
    rules.routes.map(({ paths }) => paths),
    ['strict', 'raw']
  )
})

t.test('proxies are ranges of either family', async t => {
  const { isProxy } = loaded(t, `proxies: [10.0.0.0/8, loopback, "2001:db8::/32"]\n${minimal}`).rules.front
  for (const address of ['10.1.2.3', '127.0.0.9', '::1', '2001:db8::1'])
    t.equal(isProxy?.(address), true, address)
  for (const address of ['11.0.0.1', '2001:db9::1', 'unknown', ''])
    t.equal(isProxy?.(address), false, address)
  const nobody = loaded(t, `proxies: []\n${minimal}`).rules.front.isProxy
  t.equal(nobody?.('127.0.0.1'), false)
})

t.test('a name for Via is a token, whatever the service is called', async t => {
  for (const [name, pseudonym] of [
    ['shop-gateway', 'shop-gateway'],
    ['shop gateway/1', 'shop-gateway-1'],
    ['日本', '--'],
    ['x'.repeat(200), 'x'.repeat(64)]
  ] as const) {
    t.equal(loaded(t, `service: { name: "${name}" }\n${minimal}`).rules.front.pseudonym, pseudonym)
  }
})

t.test('readings find the routes whose templates have escapes of their own', async t => {
  const { rules } = loaded(
    t,
    `
upstreams: { demo: { echo: true } }
routes:
  - { match: { path: /caf%c3%a9 }, upstream: demo }
  - { match: { path: "/a;b/{id}" }, upstream: demo }
  - { match: { path: /** }, upstream: demo }
`
  )
  const template = (path: string) => rules.front.findRead(target(`GET ${path}`))?.template
  t.equal(template('/caf%C3%A9'), '/caf%c3%a9')
  t.equal(template('/a/1'), '/a;b/{id}')
  t.equal(template('/x'), '/**')
})
