import t from 'tap'
import type { Route, Rules } from '../../src/rules/rules.ts'
import { target } from '../route/match.ts'
import { unread } from './credentials.ts'
import { loaded, minimal } from './rule-files.ts'

function routeFor(rules: Rules, line: string): Route {
  const route = rules.find(target(line))
  if (route === undefined) throw new Error(`no route for ${line}`)
  return route
}

t.test('emit and baggage: the route goes before the upstream, the upstream before the top', async t => {
  const { rules } = loaded(
    t,
    `
emit: [w3c]
baggage: { allow: [a], max-bytes: 100 }
upstreams:
  plain: { echo: true }
  own: { echo: true, emit: [b3], baggage: { emit: [] } }
routes:
  - { match: { path: /top }, upstream: plain }
  - { match: { path: /upstream }, upstream: own }
  - { match: { path: /route }, upstream: own, emit: [jaeger], baggage: { emit: [w3c], allow: all } }
`
  )
  const emitted = (path: string) => routeFor(rules, `GET ${path}`).policy.emit.map(each => each.name)
  t.same(emitted('/top'), ['w3c'])
  t.same(emitted('/upstream'), ['b3'])
  t.same(emitted('/route'), ['jaeger'])
  const baggage = (path: string) => routeFor(rules, `GET ${path}`).policy.baggage
  t.match(baggage('/top'), { allow: new Set(['a']), emit: [{ name: 'w3c' }], maxBytes: 100 })
  t.match(baggage('/upstream'), { allow: new Set(['a']), emit: [], maxBytes: 100 })
  t.equal(baggage('/upstream').emit.length, 0)
  t.match(baggage('/route'), { allow: 'all', emit: [{ name: 'w3c' }], maxBytes: 100 })
})

t.test('baggage is read in the dialects that are accepted, unless rules say otherwise', async t => {
  const { rules } = loaded(
    t,
    `
accept: [b3, jaeger]
upstreams: { a: { echo: true }, b: { echo: true, baggage: { accept: [ot] } } }
routes:
  - { match: { path: /top }, upstream: a }
  - { match: { path: /own }, upstream: a, accept: [b3] }
  - { match: { path: /said }, upstream: a, baggage: { accept: [sw8, w3c] } }
  - { match: { path: /upstream }, upstream: b, accept: [w3c] }
`
  )
  const read = (path: string) => routeFor(rules, `GET ${path}`).policy.baggage.accept.map(each => each.name)
  t.same(read('/top'), ['jaeger', 'w3c'])
  t.same(read('/own'), ['w3c'])
  t.same(read('/said'), ['sw8', 'w3c'])
  t.same(read('/upstream'), ['ot'])
})

t.test(
  'an external upstream gets no baggage but what is said there or on a route, and none passes by',
  async t => {
    const { rules } = loaded(
      t,
      `
accept: [w3c]
baggage: { emit: [w3c, jaeger] }
upstreams:
  ours: { echo: true }
  theirs: { echo: true, external: true, baggage: { max-bytes: 9 } }
  partner: { echo: true, external: true, baggage: { emit: [ot] } }
routes:
  - { match: { path: /ours }, upstream: ours }
  - { match: { path: /theirs }, upstream: theirs }
  - { match: { path: /asked }, upstream: theirs, baggage: { emit: [w3c] } }
  - { match: { path: /partner }, upstream: partner }
`
    )
    const policy = (path: string) => routeFor(rules, `GET ${path}`).policy
    const emitted = (path: string) => policy(path).baggage.emit.map(each => each.name)
    t.same(emitted('/ours'), ['w3c', 'jaeger'])
    t.same(emitted('/theirs'), [])
    t.same(emitted('/asked'), ['w3c'])
    t.same(emitted('/partner'), ['ot'])
    t.same(policy('/ours').strip.continue.prefixes, ['uberctx-'])
    for (const path of ['/theirs', '/asked', '/partner']) {
      t.same([...policy(path).strip.continue.prefixes].sort(), ['baggage-', 'ot-baggage-', 'uberctx-'], path)
      for (const field of ['baggage', 'jaeger-baggage', 'sw8-correlation', 'eagleeye-userdata', 'sftc_head'])
        t.ok(policy(path).strip.continue.fields.has(field), `${field} on ${path}`)
    }
    t.match(rules.effective, { upstreams: { theirs: { external: true, baggage: { emit: [] } } } })
  }
)

t.test(
  'of tracestate an external upstream gets the odds and what is written for it, unless rules say more',
  async t => {
    const { rules } = loaded(
      t,
      `
upstreams:
  ours: { echo: true }
  fewer: { echo: true, tracestate: [a] }
  theirs: { echo: true, external: true }
  partner: { echo: true, external: true, emit: [sw8, datadog, w3c] }
  friend: { echo: true, external: true, tracestate: all }
routes:
  - { match: { path: /ours }, upstream: ours }
  - { match: { path: /fewer }, upstream: fewer }
  - { match: { path: /theirs }, upstream: theirs }
  - { match: { path: /instana }, upstream: theirs, emit: [instana, w3c] }
  - { match: { path: /partner }, upstream: partner }
  - { match: { path: /friend }, upstream: friend }
  - { match: { path: /none }, upstream: friend, tracestate: [] }
`
    )
    const passing = (path: string) => routeFor(rules, `GET ${path}`).policy.tracestate
    t.equal(passing('/ours'), 'all')
    t.same(passing('/fewer'), new Set(['a']))
    t.same(passing('/theirs'), new Set(['ot']))
    t.same(passing('/instana'), new Set(['ot', 'in']))
    t.same(passing('/partner'), new Set(['ot', 'dd']), 'tb is for another tracebridge')
    t.equal(passing('/friend'), 'all')
    t.same(passing('/none'), new Set())
    t.match(rules.effective, {
      upstreams: {
        ours: { tracestate: 'all' },
        theirs: { tracestate: ['ot'] },
        friend: { tracestate: 'all' }
      }
    })
  }
)

t.test(
  'of strangers the fields of every known dialect are stripped, and pages may send no other',
  async t => {
    const { rules } = loaded(
      t,
      `accept: [w3c]\ncors: { origins: [https://a.test] }\ntrust: [{ from: any, secret: { header: X-Secret, value: "0123456789abcdef" }, context: continue }]\n${minimal}`
    )
    const { policy, cors } = routeFor(rules, 'GET /')
    t.same(cors?.dialectFields, ['traceparent', 'tracestate', 'baggage'])
    t.same([...policy.strip.continue.fields], ['traceparent', 'tracestate', 'baggage', 'x-secret'])
    t.same(policy.strip.continue.prefixes, [])
    for (const trust of ['restart', 'ignore'] as const) {
      const { fields, prefixes } = policy.strip[trust]
      for (const name of ['sw8', 'x-b3-traceid', 'newrelic', 'eagleeye-userdata', 'baggage', 'x-secret'])
        t.ok(fields.has(name), `${name}: ${trust}`)
      t.same([...prefixes].sort(), ['baggage-', 'ot-baggage-', 'uberctx-'])
    }
  }
)

t.test('fields of every accepted or emitted dialect are stripped, and baggage', async t => {
  const { rules } = loaded(t, `accept: [b3multi]\nemit: [w3c]\n${minimal}`)
  t.same([...routeFor(rules, 'GET /').policy.strip.continue.fields].sort(), [
    'baggage',
    'traceparent',
    'tracestate',
    'x-b3-flags',
    'x-b3-parentspanid',
    'x-b3-sampled',
    'x-b3-spanid',
    'x-b3-traceid'
  ])
})

t.test('spans are reported when there is somewhere to report them, unless rules say otherwise', async t => {
  const spans = (text: string) => routeFor(loaded(t, `${text}\n${minimal}`).rules, 'GET /').policy.spans
  t.equal(spans(''), 'none')
  t.equal(spans('export: [{ console: {} }]'), 'report')
  t.equal(spans('export: [{ console: {} }]\nspans: none'), 'none')
  t.equal(spans('spans: report'), 'report')
})

t.test('sampling: rules go first, then the route, and what either leaves out comes from the top', async t => {
  const { rules } = loaded(
    t,
    `
sampling:
  rate: 50%
  parent: cap
  rules:
    - { match: { path: /healthz }, rate: 0% }
    - { match: { header: { x-force: "1" } }, rate: 100%, parent: ignore }
upstreams: { demo: { echo: true } }
routes:
  - { match: {}, upstream: demo }
  - { match: { path: /own }, upstream: demo, sampling: { rate: 10% } }
  - { match: { path: /follow }, upstream: demo, sampling: { parent: follow } }
`
  )
  const plan = (line: string, headers = {}) => {
    const asked = target(line, headers)
    const { parent, sampler } = routeFor(rules, line).sampling(asked, new Map())
    return [sampler.rate(), parent]
  }
  t.same(plan('GET /'), [0.5, 'cap'])
  t.same(plan('GET /healthz'), [0, 'cap'])
  t.same(plan('GET /own'), [0.1, 'cap'])
  t.same(plan('GET /follow'), [0.5, 'follow'])
  t.same(plan('GET /own', { 'x-force': '1' }), [1, 'ignore'])
  t.same(routeFor(rules, 'GET /own').rates(), [['', 0.1]])
})

t.test('trust: with no block private callers continue; with one, whom it does not name restarts', async t => {
  const without = loaded(t, minimal).rules.trust
  t.equal(without(unread('10.0.0.1')).context, 'continue')
  t.equal(without(unread('::ffff:127.0.0.1')).context, 'continue')
  t.equal(without(unread('203.0.113.1')).context, 'restart')
  const with1 = loaded(t, `trust: [{ from: 203.0.113.0/24, context: ignore }]\n${minimal}`).rules.trust
  t.equal(with1(unread('203.0.113.1')).context, 'ignore')
  t.equal(with1(unread('10.0.0.1')).context, 'restart')
  t.equal(loaded(t, `trust: []\n${minimal}`).rules.trust(unread('127.0.0.1')).context, 'restart')
})

t.test('cors: pages may send the accepted dialects and read the trace where it is answered', async t => {
  const { rules } = loaded(
    t,
    `accept: [w3c, b3]\nrespond: [traceresponse]\ncors: { origins: [https://a.test], expose: [X-Id], headers: [X-Page] }\n${minimal}`
  )
  const { cors } = routeFor(rules, 'GET /')
  t.equal(cors?.allows('https://a.test'), true)
  t.equal(cors?.allows('https://b.test'), false)
  t.same(cors?.dialectFields, ['traceparent', 'tracestate', 'b3', 'baggage'])
  t.same(cors?.headers, new Set(['x-page']))
  t.same(cors?.expose, ['x-id', 'traceresponse'])
  t.equal(cors?.maxAgeSeconds, 600)
  t.equal(cors?.credentials, false)
  t.equal(cors?.mode, 'answer')
})

t.test('targets have host and port as sockets take them, and timeouts narrow by route', async t => {
  const { rules } = loaded(
    t,
    `
upstreams:
  a:
    targets: [{ url: "http://[::1]:9000/" }, { url: https://b.test, weight: 0, tags: { version: "2" } }, { url: http://c }]
    timeouts: { connect: 1s }
routes: [{ match: {}, upstream: a, timeouts: { idle: 2s } }]
`
  )
  const untold = { serviceTag: '', version: '', side: '' }
  t.same(rules.upstreams.get('a')?.targets, [
    { origin: 'http://[::1]:9000', host: '::1', port: 9000, weight: 1, tags: new Map(), ...untold },
    {
      ...{
        origin: 'https://b.test',
        host: 'b.test',
        port: 443,
        weight: 0,
        tags: new Map([['version', '2']])
      },
      ...{ serviceTag: '', version: '2', side: '2' }
    },
    { origin: 'http://c', host: 'c', port: 80, weight: 1, tags: new Map(), ...untold }
  ])
  t.same(rules.upstreams.get('a')?.timeouts, {
    connect: 1000,
    firstByte: 60_000,
    idle: 300_000,
    upgradeIdle: 3_600_000
  })
  t.same(routeFor(rules, 'GET /').timeouts, {
    connect: 1000,
    firstByte: 60_000,
    idle: 2000,
    upgradeIdle: 3_600_000,
    request: undefined
  })
})

t.test('exporters of one kind are told apart by number', async t => {
  const { rules } = loaded(
    t,
    `export: [{ otlp: { url: http://a/v1/traces } }, { console: {} }, { otlp: { url: http://b/v1/traces } }]\n${minimal}`
  )
  t.same(
    rules.exporters.map(each => each.name),
    ['otlp', 'console', 'otlp-2']
  )
  t.match(rules.exporters[0], { kind: 'otlp', compression: 'gzip', timeoutMs: 10_000, headers: {} })
})

t.test('each exporter has its own kind, name and defaults', async t => {
  const { rules } = loaded(
    t,
    `export:
  - otlp: { url: http://a/v1/traces, encoding: json }
  - zipkin: { url: http://b/api/v2/spans }
  - skywalking: { url: http://c:12800, timeout: 3s }
  - skywalking: { url: http://d:12800, compression: gzip }
${minimal}`
  )
  const plain = { headers: {}, compression: 'gzip', timeoutMs: 10_000 }
  t.same(rules.exporters, [
    { ...plain, kind: 'otlp-json', name: 'otlp', url: 'http://a/v1/traces' },
    { ...plain, kind: 'zipkin', name: 'zipkin', url: 'http://b/api/v2/spans' },
    {
      ...plain,
      kind: 'skywalking',
      name: 'skywalking',
      url: 'http://c:12800',
      compression: 'none',
      timeoutMs: 3000
    },
    { ...plain, kind: 'skywalking', name: 'skywalking-2', url: 'http://d:12800' }
  ])
})

t.test('requests have a segment where a dialect names it or an exporter reports it', async t => {
  const segments = (rules: string) => routeFor(loaded(t, rules).rules, 'GET /').policy.segments
  t.equal(segments(minimal), false)
  t.equal(segments(`emit: [sw8]\n${minimal}`), true)
  t.equal(segments(`export: [{ skywalking: { url: http://oap:12800 } }]\n${minimal}`), true)
  t.equal(segments(`export: [{ zipkin: { url: http://z:9411/api/v2/spans } }]\n${minimal}`), false)
})

t.test('a route is named for its template where it has no name of its own', async t => {
  const { rules } = loaded(
    t,
    `upstreams: { a: { echo: true } }\nroutes: [{ match: { path: "/o/{id}", host: A.Test }, upstream: a }, { match: {}, upstream: a, name: rest }]`
  )
  t.same(
    rules.routes.map(({ name, template }) => [name, template]),
    [
      ['/o/{id}', '/o/{id}'],
      ['rest', '/**']
    ]
  )
  t.equal(rules.routes[0]?.match.host, 'a.test')
})
