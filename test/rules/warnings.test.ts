import t from 'tap'
import { warningsOf } from '../../src/rules/warnings.ts'
import { loaded, minimal } from './rule-files.ts'

/** Rules of which nothing is warned: the upstream gets every dialect. */
const quiet = `upstreams: { demo: { echo: true, emit: [w3c, b3, b3multi, jaeger] } }
routes: [{ match: {}, upstream: demo }]
`

t.test('rules that lose nothing have no warnings', async t => {
  t.same(warningsOf(loaded(t, quiet)), [])
  t.same(warningsOf(loaded(t, `accept: [w3c]\n${minimal}`)), [])
})

t.test('what the emitted dialects cannot say is told once for all routes that share it', async t => {
  const text = `accept: [w3c, b3]
upstreams: { demo: { echo: true } }
routes:
  - { match: { path: /a }, upstream: demo, emit: [w3c] }
  - { match: { path: /b }, upstream: demo, emit: [w3c] }
  - { match: { path: /c }, upstream: demo, emit: [w3c, b3] }
`
  t.same(warningsOf(loaded(t, text)), [
    'routes /a, /b: b3 can say "debug" (keep this trace past every limit), w3c cannot: the trace is kept like any other, and limits behind may cut it',
    'routes /a, /b: b3 can leave open whether a trace is kept (defer), w3c cannot: the gateway decides, at its own rate',
    'routes /a, /b: b3 can carry trace ids of 16 digits (64 bits), w3c cannot: services behind get 16 zeros in front of them, and the trace is to be searched for in both forms'
  ])
})

t.test('many routes are counted, not listed', async t => {
  const routes = Array.from({ length: 9 }, (_, i) => `  - { match: { path: /r${i} }, upstream: demo }`)
  const text = `emit: [b3]\naccept: [w3c, b3]\nupstreams: { demo: { echo: true } }\nroutes:\n${routes.join('\n')}\n`
  t.match(warningsOf(loaded(t, text)), [/^routes \/r0, \/r1, \/r2 and 6 more: w3c can carry tracestate/])
})

t.test('each thing that may surprise is said', async t => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['spans: report', /spans: report, but export is empty/],
    ['accept: [w3c]', /b3, b3multi, jaeger is emitted but not accepted/],
    ['accept: []', /accept is empty/],
    [
      'trust: [{ from: any, context: restart }, { from: loopback, context: continue }]',
      /1 after "from: any"/
    ],
    ['trust: [{ origin: [https://a.test], context: continue }]', /^trust\[0\]: origin alone is no proof/],
    ['sampling: { parent: ignore }', /^sampling, route .*parent: ignore decides again/],
    [
      'sampling: { rules: [{ match: {}, rate: 1% }, { match: { path: /a }, rate: 0% }] }',
      /1 after rule 1 can never/
    ],
    [
      'sampling: { rules: [{ match: { tag: { service.tag: gray } }, rate: 1% }] }',
      /^sampling\.rules\[0\]: no target has the tags/
    ],
    ['cors: { origins: [https://a.test], mode: amend }', /mode amend leaves preflights to the upstream/],
    ['cors: { origins: ["*"] }', /every page on the web/],
    ['respond: [traceresponse]', /without cors no page/],
    [
      'export: [{ otlp: { url: "http://collector:4318" } }]',
      /exporter otlp: the URL has no path.* \/v1\/traces/
    ],
    [
      'export: [{ otlp: { url: "http://collector:4318", encoding: json } }]',
      /exporter otlp: the URL has no path.* \/v1\/traces/
    ],
    [
      'export: [{ zipkin: { url: "http://z:9411/" } }]',
      /exporter zipkin: the URL has no path.* \/api\/v2\/spans/
    ],
    [
      'export: [{ skywalking: { url: "http://oap:12800/v3/segments" } }]',
      /exporter skywalking: the URL is where the OAP is/
    ]
  ]
  for (const [text, expected] of cases) {
    const warnings = warningsOf(loaded(t, `${text}\n${quiet}`))
    t.ok(
      warnings.some(each => expected.test(each)),
      `${text}: ${warnings.join(' | ')}`
    )
  }
})

t.test('an entry after one that asks for more than an address can still match', async t => {
  const rules = `trust:
  - { from: any, origin: [https://a.test], context: restart }
  - { from: any, secret: { header: x-s, value: 0123456789abcdef }, context: continue }
  - { from: loopback, context: continue }
accept: [w3c]${minimal}`
  t.same(warningsOf(loaded(t, rules)), [])
})

t.test('a restore that can do nothing is told', async t => {
  const rules = (route: string) => `upstreams: { demo: { echo: true } }
routes: [{ match: {}, upstream: demo, ${route} }]
`
  const restoring = (route: string) =>
    warningsOf(loaded(t, rules(route))).filter(each => each.includes('restore'))
  t.match(restoring('restore: true, accept: [b3], emit: [b3]'), [
    /: restore stores nothing: .* emit does not name w3c$/,
    /: restore takes nothing: .* accept does not name w3c$/,
    /: restore stores nothing for callers that speak w3c/
  ])
  t.match(restoring('restore: store, accept: [b3], emit: [w3c], spans: report'), [])
  t.match(restoring('restore: take, spans: none'), [])
  t.match(restoring('restore: store, spans: none'), [/traceparent passes as it is/])
})

t.test('baggage for an external upstream is told, where somebody asked for it', async t => {
  const rules = (more: string) => `accept: [w3c]
upstreams: { theirs: { echo: true, external: true${more} } }
routes: [{ match: {}, upstream: theirs }]
`
  t.same(warningsOf(loaded(t, rules(''))), [])
  t.same(warningsOf(loaded(t, rules(', baggage: { emit: [w3c, ot] }'))), [
    'route /**: upstream theirs is external, and is handed baggage as w3c, ot: others read what it says'
  ])
})

t.test('what the emitted baggage has no room for is told, in the numbers of its wire', async t => {
  const told = (more: string) =>
    warningsOf(
      loaded(
        t,
        `accept: [w3c]
upstreams: { old: { echo: true } }
routes: [{ match: {}, upstream: old, baggage: { ${more} } }]
`
      )
    )
  const goesOn = 'route /**: baggage (the keys and values that callers send along) goes on as'
  t.same(told('emit: [sw8]'), [
    `${goesOn} sw8, which takes 3 keys at most, values of at most 128 characters, 2048 bytes in all, no empty values: what does not fit is left out`
  ])
  t.same(
    told('emit: [sw8], allow: [tenant, tier], max-bytes: 2048'),
    [
      `${goesOn} sw8, which takes values of at most 128 characters, no empty values: what does not fit is left out`
    ],
    'what rules let through fits otherwise'
  )
  t.same(told('emit: [eagleeye]'), [
    `${goesOn} eagleeye, which takes 4096 bytes in all: what does not fit is left out`
  ])
  t.same(told('emit: [ot]'), [
    'route /**: baggage goes on as ot, where keys lose their capital letters: userId arrives as userid'
  ])
  t.same(told('emit: [sw8, w3c]'), [], 'nothing is lost that one of them carries')
  t.same(told('emit: []'), [])
  t.same(told('accept: [], emit: [sw8]'), [])
  t.same(told('accept: [ot], emit: [jaeger]'), [])
})

t.test('tracestate for an external upstream is told, where it is more than is meant for it', async t => {
  const told = (more: string) =>
    warningsOf(
      loaded(
        t,
        `accept: [w3c]
upstreams: { theirs: { echo: true, external: true${more} } }
routes: [{ match: {}, upstream: theirs }]
`
      )
    )
  t.same(told(', tracestate: [ot]'), [])
  t.same(told(', tracestate: []'), [])
  t.same(told(', tracestate: all'), [
    'route /**: upstream theirs is external, and is handed all of tracestate: others read what it says'
  ])
  t.same(told(', tracestate: [ot, dd, es]'), [
    'route /**: upstream theirs is external, and is handed dd, es of tracestate: others read what it says'
  ])
  t.notMatch(told(', tracestate: all, emit: [b3]').join('\n'), /of tracestate/, 'it gets none')
})

t.test('an upstream that no route uses, and rules without routes', async t => {
  t.same(warningsOf(loaded(t, 'upstreams: { a: { echo: true } }\nroutes: []\n')), [
    'routes is empty: every request is answered with 404',
    'upstream a: no route uses it'
  ])
})

t.test('sw8 that names a segment nobody reports is warned of, unless the hop is transparent', async t => {
  const rules = (spans: string, exporter = 'console: {}') => `
export: [{ ${exporter} }]
upstreams: { old: { targets: [{ url: "http://old:8080" }], emit: [sw8] } }
routes:
  - { match: { path: /** }, upstream: old, spans: ${spans} }
  - { match: { path: /b }, upstream: old, emit: [w3c] }
`
  const warned = (...told: Parameters<typeof rules>) => warningsOf(loaded(t, rules(...told))).join('\n')
  t.match(warned('report'), /route \/\*\*: sw8 names a segment of this gateway/)
  t.notMatch(warned('none'), /segment of this gateway/)
  const skywalking = 'skywalking: { url: "http://oap:12800" }'
  t.notMatch(warned('report', skywalking), /segment/, 'here somebody does')
  t.match(warned('none', skywalking), /route \/\*\*: spans: none: the skywalking exporter gets no segments/)
})
