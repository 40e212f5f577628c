import t, { type Test } from 'tap'
import type { Upstream } from '../../src/rules/upstream.ts'
import { warningsOf } from '../../src/rules/warnings.ts'
import { loaded } from './rule-files.ts'

function rulesOf(targets: string, keys = '', top = '', route = ''): string {
  return `${top}
export: [{ console: {} }]
accept: [w3c]
upstreams: { orders: { targets: [${targets}]${keys} } }
routes: [{ name: orders, match: {}, upstream: orders${route} }]
`
}

function upstreamOf(t: Test, text: string): Upstream {
  const upstream = loaded(t, text).rules.upstreams.get('orders')
  if (upstream === undefined) throw new Error('no upstream')
  return upstream
}

const base = '{ url: "http://a:1", tags: { service.tag: base, version: "1" } }'
const gray = (match = '{ header: { X-Gray: "1" } }') =>
  `{ url: "http://b:1", tags: { service.tag: gray, version: "1" }, match: ${match} }`

t.test('nothing is split unless rules say so', async t => {
  const { split } = upstreamOf(t, rulesOf('{ url: "http://a:1" }'))
  t.strictSame(split, { matches: [], sticky: undefined, carry: undefined, fallback: 'any' })
})

t.test('sides are releases, or versions where nothing tells a release', async t => {
  const sides = (targets: string, top = '') =>
    upstreamOf(t, rulesOf(targets, '', top)).targets.map(({ side }) => side)
  t.strictSame(sides(`${base}, ${gray()}, { url: "http://c:1", tags: { version: "2" } }`), [
    'base',
    'gray',
    ''
  ])
  t.strictSame(
    sides('{ url: "http://a:1", tags: { version: "1" } }, { url: "http://b:1", tags: { version: "2" } }'),
    ['1', '2']
  )
  t.strictSame(sides('{ url: "http://a:1", tags: { zone: a } }, { url: "http://b:1", tags: { zone: b } }'), [
    '',
    ''
  ])
  t.strictSame(sides(`{ url: "http://a:1", tags: { my-tag: x } }, ${base}`, 'tags: { service: my-tag }'), [
    'x',
    ''
  ])
})

t.test('the same match on several targets of a side is one, and the most particular comes first', async t => {
  const both = '[{ header: { x-gray: "1" } }, { cookie: { b: "1" }, header: { A: "2" } }]'
  const { split } = upstreamOf(t, rulesOf(`${base}, ${gray()}, ${gray(both)}`))
  t.match(
    split.matches.map(({ says, side, among, callers }) => ({ says, side, among, callers })),
    [
      {
        says: [
          [{ in: 'header', name: 'a' }, '2'],
          [{ in: 'cookie', name: 'b' }, '1']
        ],
        among: new Set([2])
      },
      {
        says: [[{ in: 'header', name: 'x-gray' }, '1']],
        side: 'gray',
        among: new Set([1, 2]),
        callers: 'any'
      }
    ]
  )
})

t.test('what is told by the header that it is carried in is for believed callers, too', async t => {
  const upstream = (match: string) => rulesOf(`${base}, ${gray(match)}`, ', carry: { header: X-Release }')
  const callers = (match: string) => upstreamOf(t, upstream(match)).split.matches[0]?.callers
  t.equal(callers('{ header: { x-release: gray } }'), 'believed')
  t.equal(callers('{ key: { header: X-Release }, share: 1% }'), 'believed')
  t.equal(callers('{ header: { x-gray: "1" } }'), 'any')
  const open = '{ header: { x-release: gray }, callers: any }'
  t.equal(callers(open), 'any')
  t.match(warningsOf(loaded(t, upstream(open))), [
    /^upstream orders: any caller can choose targets\[1\] by the header x-release/
  ])
})

t.test('what is told by baggage is for believed callers, unless the rule says any', async t => {
  const callers = (match: string) =>
    upstreamOf(t, rulesOf(`${base}, ${gray(match)}`)).split.matches[0]?.callers
  t.equal(callers('{ baggage: { service.tag: gray } }'), 'believed')
  t.equal(callers('{ key: { baggage: user }, share: 1% }'), 'believed')
  t.equal(callers('{ key: { cookie: user }, share: 1% }'), 'any')
  t.equal(callers('{ baggage: { service.tag: gray }, callers: any }'), 'any')
  t.equal(callers('{ header: { a: "1" }, callers: believed }'), 'believed')
})

t.test('a field that the gateway writes itself goes on from nobody', async t => {
  const { routes } = loaded(t, rulesOf(base, ', carry: { header: X-Service-Tag }')).rules
  for (const trust of ['continue', 'restart', 'ignore'] as const) {
    t.equal(routes[0]?.policy.strip[trust].fields.has('x-service-tag'), true, trust)
  }
})

t.test('a cookie may be set for those who have none, for whole seconds', async t => {
  const sticky = (text: string) => upstreamOf(t, rulesOf(base, `, sticky: ${text}`)).split.sticky
  t.strictSame(sticky('{ cookie: user }'), { in: 'cookie', name: 'user', set: undefined })
  t.strictSame(sticky('{ cookie: user, set: session }'), { in: 'cookie', name: 'user', set: 'session' })
  t.strictSame(sticky('{ cookie: user, set: 90500ms }'), { in: 'cookie', name: 'user', set: 90 })
})

t.test('splitting that does nothing is warned of', async t => {
  const warned = (targets: string, keys = '', route = '') =>
    warningsOf(loaded(t, rulesOf(targets, keys, '', route)))
  t.strictSame(
    warned(`${base}, ${gray()}`, ', sticky: { cookie: user }, carry: { baggage: service.tag }'),
    []
  )
  t.match(warned(base, ', sticky: { cookie: user }'), [/^upstream orders: sticky does nothing/])
  t.match(warned('{ url: "http://a:1" }', ', carry: { header: x-tag }'), [
    /^upstream orders: carry has nothing to say/
  ])
  t.match(warned('{ url: "http://a:1", tags: { service.tag: "größer" } }', ', carry: { header: x-tag }'), [
    /^upstream orders: carry cannot say größer/
  ])
  t.match(warned(base, ', carry: { baggage: service.tag }', ', baggage: { emit: [] }'), [
    /^route orders: carry cannot say anything in baggage/
  ])
  t.match(
    warned(
      `${gray()}, { url: "http://c:1", tags: { service.tag: blue }, match: { header: { x-gray: "1" } } }`
    ),
    [/^upstream orders: the match of targets\[1\] is that of targets\[0\]/]
  )
})
