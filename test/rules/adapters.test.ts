import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
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
      [`${body}module.exports = { Mine }`, '', 'commonjs'],
      [`${body}module.exports = Mine`, '', 'commonjs'],
      [`${body}module.exports = new Mine()`, '', 'commonjs'],
      [`${body}export default Mine`, ', export: default', 'module'],
      [
        `${body}export class Own { fields = () => ['x-mine']; inject = Mine.prototype.inject; extract = Mine.prototype.extract }`,
        ', export: Own',
        'module'
      ]
    ] as const) {
      const result = beside(t, code, `dialects: { mine: { package: mine${more} } }`, type)
      if ('complaints' in result) throw new Error(JSON.stringify(result.complaints))
      const [route] = result.rules.routes
      t.match(route?.policy.emit, [{ name: 'mine', fields: ['x-mine'], carries: { traceIdBits: 128 } }])
      t.equal(route?.policy.accept.at(-1)?.name, 'mine', 'and is read, after all others')
      for (const trust of ['continue', 'restart', 'ignore'] as const)
        t.ok(route?.policy.strip[trust].fields.has('x-mine'), trust)
      t.match(result.rules.effective['dialects'], { mine: { package: 'mine' } })
    }
  }
)

t.test('an installed package is found from where the gateway runs', async t => {
  const { rules } = loaded(t, `dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }${rest}`)
  t.match(rules.routes[0]?.policy.emit, [{ name: 'mine', fields: ['uber-trace-id'] }])
})

t.test('a package beside the gateway is found from anywhere', async t => {
  const folder = folderOf(t, {
    'rules.yaml': `dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }${rest}`
  })
  const { NODE_OPTIONS: _, ...env } = process.env
  const checked = spawnSync(resolve('bin/tracebridge'), ['check', 'rules.yaml'], { cwd: folder, env })
  t.match(String(checked.stdout), 'rules.yaml: ok', String(checked.stderr))
})

t.test('what is no propagator is refused when rules load, with the place', async t => {
  t.match(
    problems(t, 'export const a = 1'),
    /^\.dialects\.mine\.package expected a package that exports a propagator/
  )
  t.match(
    problems(t, `${body}class Other extends Mine {}\nexport { Mine, Other }`),
    /expected export beside package: one of Mine, Other/
  )
  t.equal(problems(t, `${body}export { Mine, Mine as default }`), '', 'one thing by two names is no choice')
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
    /made without options \(RangeError\)/
  )
})

t.test('a package owns no field that requests need, be it written in any case', async t => {
  for (const field of [
    'Host',
    'content-length',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'connection',
    'keep-alive',
    'X-Forwarded-For',
    'x-real-ip'
  ]) {
    const owning = `${body}Mine.prototype.fields = () => ['x-mine', '${field}']\nexport { Mine }`
    t.equal(
      problems(t, owning),
      `.dialects.mine.package expected a propagator with fields of its own, not ${field}, which requests need`
    )
  }
})

t.test('a secret is not shown in a field of a dialect that rules bring along', async t => {
  const secret = (header: string) => `dialects: { mine: { package: mine } }
trust: [{ secret: { header: ${header}, value: 0123456789abcdef }, context: continue }]`
  t.equal(problems(t, `${body}export { Mine }`, secret('x-other')), '')
  t.equal(
    problems(t, `${body}export { Mine }`, secret('X-Mine')),
    '.trust[0].secret.header expected a header field that is not of dialect mine'
  )
})

const choosing = `${body}
class Chosen extends Mine {
  constructor(options) {
    super()
    if (options.field === undefined) throw new RangeError('secret text')
    this.field = options.field
    options.field = 'x-changed'
  }
  fields() { return [this.field] }
  inject(context, carrier, setter) { super.inject(context, carrier, { set: (c, _, v) => setter.set(c, this.field, v) }) }
  extract(context, carrier, getter) { return super.extract(context, carrier, { get: c => getter.get(c, this.field) }) }
}
`

t.test('options go to the class or factory as one object, and are shown as they were written', async t => {
  for (const [code, more] of [
    [`${choosing}export { Chosen }`, 'export: Chosen'],
    [`${choosing}export const create = options => new Chosen(options)`, 'export: create']
  ] as const) {
    const text = `dialects: { mine: { package: mine, ${more}, options: { field: x-chosen, deep: [1, { no: null }] } } }`
    const result = beside(t, code, text)
    if ('complaints' in result) throw new Error(JSON.stringify(result.complaints))
    t.match(result.rules.routes[0]?.policy.emit, [{ name: 'mine', fields: ['x-chosen'] }])
    t.match(result.rules.effective['dialects'], {
      mine: { package: 'mine', options: { field: 'x-chosen', deep: [1, { no: null }] } }
    })
  }
})

t.test('a file that options refer to is read, and is not shown', async t => {
  const folder = folderOf(t, {
    'rules.yaml': `dialects: { mine: { package: mine, export: Chosen, options: { field: "\${file:name}" } } }${rest}`,
    name: 'x-of-file',
    'node_modules/mine/package.json': JSON.stringify({ name: 'mine', main: 'index.js', type: 'module' }),
    'node_modules/mine/index.js': `${choosing}export { Chosen }`
  })
  const result = loadRules(join(folder, 'rules.yaml'), {})
  if ('complaints' in result) throw new Error(JSON.stringify(result.complaints))
  t.match(result.rules.routes[0]?.policy.emit, [{ fields: ['x-of-file'] }])
  t.notMatch(JSON.stringify(result.rules.effective), 'x-of-file')
})

t.test('options that are none are complained of where they stand', async t => {
  const asked = (options: string, code = `${choosing}export { Chosen }`) =>
    problems(t, code, `dialects: { mine: { package: mine, options: ${options} } }`)
  t.match(asked('{ other: 1 }'), /^\.dialects\.mine\.options expected other options \(RangeError\)$/)
  t.match(
    asked('{}', `${body}export const mine = new Mine()`),
    /^\.dialects\.mine\.options expected no options: what is exported is made already/
  )
  t.match(asked('[a]'), /^\.dialects\.mine\.options expected a map of plain values/)
  t.match(asked('text'), /^\.dialects\.mine\.options expected a map of plain values/)
  t.match(asked('{ a: [.inf] }'), /^\.dialects\.mine\.options expected a map of plain values/)
  t.match(asked('{ __proto__: { field: x-a } }'), /^\.dialects\.mine\.options\S* expected another key/m)
  const missing = asked(`{ field: "\${NOT_SET_ANYWHERE}" }`)
  t.match(missing, /NOT_SET_ANYWHERE/)
  t.notMatch(missing, 'other options', 'what is unknown already is not tried')
})

t.test('an export that is not there, or makes nothing, is complained of where it is named', async t => {
  const of = (name: string, code: string) =>
    problems(t, code, `dialects: { mine: { package: mine, export: ${name} } }`)
  t.match(of('Mime', `${body}export { Mine }`), /^\.dialects\.mine\.export expected Mine$/)
  for (const code of [
    'export const create = () => {}',
    'export const create = () => null',
    `${body}export const create = async () => new Mine()`
  ]) {
    t.match(
      of('create', code),
      /^\.dialects\.mine\.export expected an export that makes a propagator, and at once/
    )
  }
  t.match(of('a', 'export const a = 1'), /^\.dialects\.mine\.export expected a package that exports/)
  t.match(
    of('create', 'export const create = () => { throw 1 }'),
    /^\.dialects\.mine\.export expected a propagator that can be made without options \(unknown\)/
  )
  t.match(
    problems(t, 'module.exports = { get mine() { throw new TypeError() } }'),
    /^\.dialects\.mine\.package /,
    'not even what throws when it is looked at stops the loading'
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
