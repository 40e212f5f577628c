import fc from 'fast-check'
import t from 'tap'
import type { Match, Target } from '../../src/route/match.ts'
import { createTable, type Entry } from '../../src/route/table.ts'
import { match, target } from './match.ts'

/** A table whose values are the names of its matches. */
function tableOf(matches: Readonly<Record<string, Partial<Match>>>) {
  return createTable(Object.entries(matches).map(([value, given]) => ({ match: match(given), value })))
}

t.test(
  'an exact host goes before a wildcard, a longer wildcard before a shorter, all before any host',
  async t => {
    const find = tableOf({
      any: {},
      short: { host: '*.example.com' },
      long: { host: '*.eu.example.com' },
      exact: { host: 'shop.eu.example.com' }
    })
    t.equal(find(target('GET shop.eu.example.com/')), 'exact')
    t.equal(find(target('GET bank.eu.example.com/')), 'long')
    t.equal(find(target('GET a.b.eu.example.com/')), 'long')
    t.equal(find(target('GET eu.example.com/')), 'short')
    t.equal(find(target('GET example.com/')), 'any', 'a wildcard is for what is below')
    t.equal(find(target('GET notexample.com/')), 'any')
    t.equal(find(target('GET .example.com/')), 'any')
    t.equal(find(target('GET /')), 'any')
  }
)

t.test('segment by segment a literal goes before a parameter, a parameter before **', async t => {
  const find = tableOf({
    rest: { path: '/orders/**' },
    param: { path: '/orders/{id}' },
    literal: { path: '/orders/new' },
    deep: { path: '/orders/{id}/lines' }
  })
  t.equal(find(target('GET /orders/new')), 'literal')
  t.equal(find(target('GET /orders/7')), 'param')
  t.equal(find(target('GET /orders/7/lines')), 'deep')
  t.equal(
    find(target('GET /orders/new/lines')),
    'deep',
    'a literal that leads nowhere gives way to a parameter'
  )
  t.equal(find(target('GET /orders/7/other')), 'rest')
  t.equal(find(target('GET /orders')), 'rest', '** may be nothing')
  t.equal(find(target('GET /orders/')), 'rest', 'a parameter is not empty')
  t.equal(find(target('GET /ordersx')), undefined)
  t.equal(find(target('GET /')), undefined)
})

t.test('a trailing slash makes another path', async t => {
  const find = tableOf({ without: { path: '/a' }, with: { path: '/a/' } })
  t.equal(find(target('GET /a')), 'without')
  t.equal(find(target('GET /a/')), 'with')
  t.equal(find(target('GET /a//')), undefined)
})

t.test('a path is compared as received: neither decoded nor folded', async t => {
  const find = tableOf({ plain: { path: '/admin' } })
  for (const path of ['/ADMIN', '/%61dmin', '/./admin', '/x/../admin', '//admin']) {
    t.equal(find(target(`GET ${path}`)), undefined, path)
  }
})

t.test('more headers go before fewer, then a method before none', async t => {
  const find = tableOf({
    plain: { path: '/a' },
    get: { path: '/a', methods: ['GET', 'HEAD'] },
    gray: { path: '/a', headers: new Map([['x-gray', '1']]) },
    grayGet: { path: '/a', methods: ['GET'], headers: new Map([['x-gray', '1']]) },
    both: {
      path: '/a',
      headers: new Map([
        ['x-gray', '1'],
        ['x-tenant', 'a']
      ])
    }
  })
  t.equal(find(target('POST /a')), 'plain')
  t.equal(find(target('HEAD /a')), 'get')
  t.equal(find(target('POST /a', { 'x-gray': '1' })), 'gray')
  t.equal(find(target('GET /a', { 'x-gray': '1' })), 'grayGet')
  t.equal(find(target('GET /a', { 'x-gray': '1', 'x-tenant': 'a' })), 'both')
  t.equal(find(target('GET /a', { 'x-gray': '2' })), 'get')
})

t.test('among equals the first written wins', async t => {
  const find = tableOf({
    a: { headers: new Map([['x-a', '1']]) },
    b: { headers: new Map([['x-b', '1']]) }
  })
  t.equal(find(target('GET /', { 'x-a': '1', 'x-b': '1' })), 'a')
  t.equal(find(target('GET /', { 'x-b': '1' })), 'b')
})

t.test(
  'the best path that fails on method or header gives way to the next best, across hosts too',
  async t => {
    const find = tableOf({
      any: { path: '/a/**' },
      wild: { host: '*.example.com', path: '/a/{id}', headers: new Map([['x-a', '1']]) },
      exact: { host: 'shop.example.com', path: '/a/b', methods: ['POST'] }
    })
    t.equal(find(target('POST shop.example.com/a/b')), 'exact')
    t.equal(find(target('GET shop.example.com/a/b', { 'x-a': '1' })), 'wild')
    t.equal(find(target('GET shop.example.com/a/b')), 'any')
  }
)

t.test('a request without a path is only for what takes every path', async t => {
  t.equal(tableOf({ any: {} })(target('OPTIONS *')), 'any')
  t.equal(tableOf({ star: { path: '/{x}' } })(target('OPTIONS *')), undefined)
})

t.test('names that objects have a meaning for are names like others', async t => {
  const find = tableOf({ literal: { path: '/constructor' } })
  for (const path of ['/__proto__', '/toString', '/hasOwnProperty'])
    t.equal(find(target(`GET ${path}`)), undefined)
  t.equal(find(target('GET /constructor')), 'literal')
})

// The reference: every match held against the request, the most specific chosen by comparing all.

function segmentsOf(path: string): string[] {
  return path.slice(1).split('/')
}

function holds({ host, path, methods, headers }: Match, request: Target): boolean {
  const hostHolds =
    host === undefined ||
    (host.startsWith('*.')
      ? request.host.endsWith(host.slice(1)) && request.host !== host.slice(1)
      : host === request.host)
  const template = segmentsOf(path ?? '/**')
  const rest = template.at(-1) === '**'
  const fixed = rest ? template.slice(0, -1) : template
  const actual = segmentsOf(request.path)
  const lengthHolds = rest ? actual.length >= fixed.length : actual.length === fixed.length
  const pathHolds =
    lengthHolds && fixed.every((each, i) => (each.startsWith('{') ? actual[i] !== '' : each === actual[i]))
  const headersHold = [...(headers ?? [])].every(([name, value]) => request.header(name) === value)
  return hostHolds && pathHolds && headersHold && (methods?.includes(request.method) ?? true)
}

/** Compared element by element, more is more specific. */
function specificity({ host, path, methods, headers }: Match, order: number): number[] {
  const hostRank = host === undefined ? 0 : host.startsWith('*.') ? host.length : 1000
  // The end of a path is more specific than a `**` that takes nothing.
  const template = segmentsOf(path ?? '/**').map(each => (each === '**' ? 0 : each.startsWith('{') ? 1 : 2))
  const padded = [...template, ...(template.at(-1) === 0 ? [] : [3]), ...Array<number>(8).fill(0)].slice(0, 8)
  return [hostRank, ...padded, headers?.size ?? 0, methods === undefined ? 0 : 1, -order]
}

function naive(entries: readonly Entry<number>[], request: Target): number | undefined {
  const ranked = entries
    .filter(entry => holds(entry.match, request))
    .map(entry => ({ value: entry.value, rank: specificity(entry.match, entry.value) }))
  ranked.sort((a, b) => {
    const at = a.rank.findIndex((each, i) => each !== b.rank[i])
    return at === -1 ? 0 : (b.rank[at] ?? 0) - (a.rank[at] ?? 0)
  })
  return ranked[0]?.value
}

t.test('any table answers like comparing all entries one by one', async () => {
  const segment = fc.constantFrom('a', 'b', 'c')
  const template = fc
    .tuple(
      fc.array(fc.oneof(segment, fc.constantFrom('{x}', '{y}')), { maxLength: 3 }),
      fc.constantFrom('', '/', '/**')
    )
    .map(([parts, end]) => {
      const path = parts.map((part, i) => (part.startsWith('{') ? `/{p${i}}` : `/${part}`)).join('') + end
      return path === '' ? '/' : path
    })
  const headers = fc
    .dictionary(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('1', '2'), { maxKeys: 2 })
    .map(each => new Map(Object.entries(each)))
  const matches = fc.record({
    host: fc.constantFrom(undefined, 'a.test', 'b.a.test', '*.test', '*.a.test'),
    path: fc.option(template, { nil: undefined }),
    methods: fc.constantFrom(undefined, ['GET'], ['GET', 'POST']),
    headers: fc.option(headers, { nil: undefined })
  })
  const requests = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'PUT'),
      host: fc.constantFrom('', 'test', 'a.test', 'b.a.test', 'c.b.a.test', 'other'),
      path: fc
        .array(fc.oneof(segment, fc.constant('')), { minLength: 1, maxLength: 4 })
        .map(each => `/${each.join('/')}`),
      headers
    })
    .map(({ headers: fields, ...rest }): Target => ({ ...rest, header: name => fields.get(name) }))

  fc.assert(
    fc.property(
      fc.array(matches, { maxLength: 12 }),
      fc.array(requests, { minLength: 1, maxLength: 8 }),
      (list, asked) => {
        const entries = list.map((each, value) => ({ match: each, value }))
        const find = createTable(entries)
        return asked.every(request => Object.is(find(request), naive(entries, request)))
      }
    ),
    { numRuns: 2000 }
  )
})

/** How often a lookup asks a Map or the request, which is all that it does. */
function steps(find: (request: Target) => unknown, request: Target): number {
  const get = Map.prototype.get
  let count = 0
  Map.prototype.get = function counted(key: unknown) {
    count++
    return get.call(this, key)
  }
  const header = (name: string) => {
    count++
    return request.header(name)
  }
  try {
    find({ ...request, header })
  } finally {
    Map.prototype.get = get
  }
  return count
}

t.test('a lookup takes as many steps among 10,000 routes as among 10', async t => {
  const grow = (count: number, make: (i: number) => Partial<Match>) =>
    createTable(Array.from({ length: count }, (_, i) => ({ match: match(make(i)), value: i })))
  const shapes: readonly [string, (i: number) => Partial<Match>, Target][] = [
    ['paths', i => ({ path: `/r${i}/{id}/**` }), target('GET /r7/1/2')],
    ['siblings', i => ({ path: `/api/v1/r${i}` }), target('GET /api/v1/r7')],
    ['hosts', i => ({ host: `h${i}.example.com`, path: '/a' }), target('GET h7.example.com/a')],
    ['wildcards', i => ({ host: `*.h${i}.example.com` }), target('GET x.h7.example.com/a')],
    [
      'headers',
      i => ({ path: '/a', headers: new Map([['x-tenant', `t${i}`]]) }),
      target('GET /a', { 'x-tenant': 't7' })
    ],
    ['misses', i => ({ path: `/r${i}` }), target('GET /none')]
  ]
  for (const [what, make, request] of shapes) {
    const few = grow(10, make)
    const many = grow(10_000, make)
    t.equal(many(request), few(request), `${what}: same answer`)
    const counted = steps(few, request)
    t.ok(counted > 0 && counted < 12, `${what}: ${counted} steps`)
    t.equal(steps(many, request), counted, what)
  }
})
