import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadRules } from '../../src/rules/load.ts'
import { warningsOf } from '../../src/rules/warnings.ts'
import { complaintsOf, folderOf, loaded } from './rule-files.ts'

const rest = `
upstreams: { demo: { echo: true, emit: [mine] } }
routes: [{ match: {}, upstream: demo }]
`

const body = `
const key = Symbol.for('OpenTelemetry Context Key SPAN')
class Mine {
  fields() { return ['x-mine'] }
  inject(context, carrier, setter) {
    const { traceId, spanId, traceFlags } = context.getValue(key).spanContext()
    setter.set(carrier, 'x-mine', [traceId, spanId, traceFlags].join('.'))
  }
  extract(context, carrier, getter) {
    const [traceId, spanId, flags] = String(getter.get(carrier, 'x-mine')).split('.')
    return context.setValue(key, { spanContext: () => ({ traceId, spanId, traceFlags: Number(flags) }) })
  }
}
`

/** Rules with a package of this code beside them. */
function beside(t: Test, code: string, text: string, type = 'module') {
  const folder = folderOf(t, {
    'rules.yaml': `${text}${rest}`,
    'node_modules/mine/package.json': JSON.stringify({ name: 'mine', main: 'index.js', type }),
    'node_modules/mine/index.js': code
  })
  return loadRules(join(folder, 'rules.yaml'), {})
}

function problems(t: Test, code: string, text = 'dialects: { mine: { package: mine } }'): string {
  const result = beside(t, code, text)
  return 'complaints' in result
    ? result.complaints.map(each => `${each.path} ${each.message}`).join('\n')
    : ''
}

t.test(
  'a package beside the rules becomes a dialect: a class, an object or a factory, in either kind of module',
  async t => {
    for (const [code, more, type] of [
      [`${body}export { Mine }`, '', 'module'],
      [`${body}export const mine = new Mine()`, '', 'module'],
      [`${body}export function create() { return new Mine() }`, ', export: create', 'module'],
      [`${body}module.exports = { Mine }`, '', 'commonjs']
    ] as const) {
      const result = beside(t, code, `dialects: { mine: { package: mine${more} } }`, type)
      if ('complaints' in result) throw new Error(JSON.stringify(result.complaints))
      const [route] = result.rules.routes
      t.match(route?.policy.emit, [{ name: 'mine', fields: ['x-mine'], carries: { traceIdBits: 128 } }])
      t.equal(route?.policy.accept.at(-1)?.name, 'mine', 'and is read, after all others')
      t.ok(route?.policy.strip.has('x-mine'))
      t.match(result.rules.effective['dialects'], { mine: { package: 'mine' } })
    }
  }
)

t.test('an installed package is found from where the gateway runs', async t => {
  const { rules } = loaded(t, `dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }${rest}`)
  t.match(rules.routes[0]?.policy.emit, [{ name: 'mine', fields: ['uber-trace-id'] }])
})

t.test('what is no propagator is refused when rules load, with the place', async t => {
  t.match(
    problems(t, 'export const a = 1'),
    /^\.dialects\.mine\.package expected a package that exports a propagator/
  )
  t.match(
    problems(t, `${body}export { Mine, Mine as Other }`),
    /expected export beside package: one of Mine, Other/
  )
  t.match(problems(t, 'throw new TypeError("secret text")'), /expected an installed package \(TypeError\)/)
  t.notMatch(problems(t, 'throw new TypeError("secret text")'), 'secret')
  t.match(
    problems(t, `${body}Mine.prototype.fields = () => ['a b']\nexport { Mine }`),
    /names of header fields/
  )
  t.match(
    problems(t, `${body}Mine.prototype.extract = c => c\nexport { Mine }`),
    /reads a trace context which it wrote/
  )
  t.match(
    problems(
      t,
      `${body}class A extends Mine { constructor() { super(); throw new RangeError() } }\nexport { A }`
    ),
    /made without settings \(RangeError\)/
  )
})

t.test('names are checked: of packages, of dialects, and of those that accept and emit call', async t => {
  const first = (text: string) => complaintsOf(t, `${text}${rest}`)[0] ?? ''
  t.match(first('dialects: { mine: { package: not-installed-anywhere } }'), /expected an installed package/)
  t.match(
    first('dialects: { mine: { package: ../mine } }'),
    /\.dialects\.mine\.package expected the name of an npm/
  )
  t.match(first('dialects: { w3c: { package: mine } }'), /expected a name of small letters/)
  t.match(first('dialects: { other: { package: mine } }'), /expected a name of small letters/)
  t.match(first('dialects: { mine: {} }'), /expected the key package/)
  t.match(first(''), /\.upstreams\.demo\.emit\[0\] expected one of b3, /)
  const text = `dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }\naccept: [w3c, mime]${rest}`
  t.match(first(text), /\.accept\[1\] expected one of .*, mine; did you mean mine\?$/)
})

t.test('it may not share header fields with another dialect of one upstream', async t => {
  const text = `
dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }
upstreams: { demo: { echo: true, emit: [jaeger, mine] } }
routes: [{ match: {}, upstream: demo }]
`
  t.match(complaintsOf(t, text), [/expected jaeger or mine, not both: they write the same header fields/])
})

t.test('check tells what it loses, as measured', async t => {
  const result = loaded(t, `dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }${rest}`)
  t.match(
    warningsOf(result)[0],
    /^dialect mine \(@opentelemetry\/propagator-jaeger\), as tried out, loses .*"debug"/
  )
  const unused = loaded(
    t,
    `dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }
accept: [w3c]
upstreams: { demo: { echo: true } }
routes: [{ match: {}, upstream: demo }]
`
  )
  t.same(warningsOf(unused), ['dialect mine: no route accepts or emits it'])
})
