// What a caller packs for the way reaches each upstream in the baggage that it reads: as much as rules allow.
import t, { type Test } from 'tap'
import type { Migration } from '../../src/report/migration.ts'
import { type Field, type Message, valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const context = wires.w3c.write(traceId, spanId, 'keep')

const base64 = (text: string) => Buffer.from(text).toString('base64')
const unbase64 = (text: string) => Buffer.from(text, 'base64').toString()
/** The first separator inside a pair counts: values may hold more of them. */
const pairs = (text: string | undefined, separator: string, inside: string) =>
  new Map(
    (text ?? '').split(separator).map(pair => {
      const at = pair.indexOf(inside)
      return [pair.slice(0, at), pair.slice(at + 1)]
    })
  )

/** The wires written and read by hand, so that no test leans on the codecs that it tests. */
type Carrier = {
  readonly write: (key: string, value: string) => Field
  readonly read: (message: Message, key: string) => string | undefined
}

const prefixed = (prefix: string): Carrier => ({
  write: (key, value) => [`${prefix}${key}`, encodeURIComponent(value)],
  read: (message, key) => {
    const value = valueIn(message, `${prefix}${key}`)
    return value === undefined ? undefined : decodeURIComponent(value)
  }
})

const carriers: Readonly<Record<string, Carrier>> = {
  w3c: {
    write: (key, value) => ['baggage', `${key}=${encodeURIComponent(value)}`],
    read: (message, key) => {
      const value = pairs(valueIn(message, 'baggage'), ',', '=').get(key)
      return value === undefined ? undefined : decodeURIComponent(value)
    }
  },
  jaeger: prefixed('uberctx-'),
  ot: prefixed('ot-baggage-'),
  sofa: prefixed('baggage-'),
  sw8: {
    write: (key, value) => ['sw8-correlation', `${base64(key)}:${base64(value)}`],
    read: (message, key) => {
      const value = pairs(valueIn(message, 'sw8-correlation'), ',', ':').get(base64(key))
      return value === undefined ? undefined : unbase64(value)
    }
  },
  eagleeye: {
    write: (key, value) => ['EagleEye-UserData', `${key}=${encodeURIComponent(value)}`],
    read: (message, key) => {
      const value = pairs(valueIn(message, 'eagleeye-userdata'), '&', '=').get(key)
      return value === undefined ? undefined : decodeURIComponent(value)
    }
  }
}
const names = Object.keys(carriers)

/** Baggage fields of any kind that arrived. */
function arrived({ fields }: Message): readonly Field[] {
  return fields.filter(([name]) =>
    /^(?:baggage|uberctx-|ot-baggage-|jaeger-baggage|sw8-correlation|eagleeye-userdata|sftc_head)/i.test(name)
  )
}

async function world(
  t: Test,
  rules: (origin: string) => string
): Promise<Running & { readonly origin: Origin }> {
  const origin = await startOrigin(t)
  return { ...(await run(t, rules(origin.url))), origin }
}

const everyWay = (origin: string) => `
upstreams: { origin: { targets: [{ url: "${origin}" }] } }
routes:
${names
  .map(
    name =>
      `  - { match: { path: /to/${name} }, upstream: origin, baggage: { accept: [${names.join(', ')}], emit: [${name}] } }`
  )
  .join('\n')}
`

t.test('baggage of every dialect reaches every other, plain or not', async t => {
  const { port, origin } = await world(t, everyWay)
  for (const [from, carrier] of Object.entries(carriers)) {
    for (const [to, other] of Object.entries(carriers)) {
      for (const [key, value] of [
        ['tenant', 'a-1'],
        ['name', 'Amélie 日本 100%+1 & a=b,c']
      ] as const) {
        const name = `${value} from ${from} to ${to}`
        await ask(t, port, { path: `/to/${to}`, fields: [...context, carrier.write(key, value)] })
        t.equal(other.read(origin.last(), key), value, name)
        t.equal(arrived(origin.last()).length, 1, `${name}: and in no other field`)
      }
    }
  }
})

t.test('what stays in its dialect keeps its bytes', async t => {
  const { port, origin } = await world(t, everyWay)
  const untouched: Readonly<Record<string, readonly Field[]>> = {
    w3c: [['baggage', 'a=%41;p = 1 ,b=x%2fy,a=2']],
    jaeger: [['uberctx-a', 'x+y%7e']],
    ot: [['ot-baggage-a', 'x y%41']],
    sofa: [
      ['baggage-a', 'x+y%7e'],
      ['baggage-sys-mark', 'T']
    ],
    sw8: [['sw8-correlation', 'YQ==:Yg==,Yw==:ZA==']],
    eagleeye: [['EagleEye-UserData', 'uid=42&scm=a=b&%zz=%41']]
  }
  for (const [name, fields] of Object.entries(untouched)) {
    await ask(t, port, { path: `/to/${name}`, fields: [...context, ...fields] })
    const expected = fields.map(([field, value]) => [field, value.replaceAll(' ,', ',')])
    t.strictSame(arrived(origin.last()), expected, name)
  }
})

t.test('rules say which keys pass and how many bytes, for each upstream', async t => {
  const { port, origin } = await world(
    t,
    url => `
baggage: { allow: [tenant, userId] }
upstreams:
  few: { targets: [{ url: "${url}" }], baggage: { max-bytes: 18, emit: [w3c, jaeger] } }
  all: { targets: [{ url: "${url}" }], baggage: { allow: all, emit: [jaeger] } }
routes:
  - { match: { path: /few }, upstream: few }
  - { match: { path: /all }, upstream: all }
`
  )
  const fields: Field[] = [...context, ['baggage', 'secret=1,userId=7,tenant=a'], ['uberctx-tenant', 'b']]
  await ask(t, port, { path: '/few', fields })
  t.strictSame(arrived(origin.last()), [
    ['baggage', 'userId=7,tenant=a'],
    ['uberctx-userid', '7']
  ])
  await ask(t, port, { path: '/all', fields })
  t.strictSame(arrived(origin.last()), [
    ['uberctx-secret', '1'],
    ['uberctx-userid', '7'],
    ['uberctx-tenant', 'a']
  ])
})

const everything: readonly Field[] = [
  ...Object.values(carriers).map(carrier => carrier.write('tenant', 'a')),
  ['baggage-sys-mark', 'T'],
  ['jaeger-baggage', 'k=v'],
  ['Uberctx-Other', 'x']
]

t.test('an external upstream gets none, whatever it is written in, unless somebody says so', async t => {
  const { port, origin } = await world(
    t,
    url => `
accept: [w3c]
upstreams:
  theirs: { targets: [{ url: "${url}" }], external: true }
routes:
  - { match: { path: /none }, upstream: theirs }
  - { match: { path: /some }, upstream: theirs, baggage: { emit: [w3c] } }
`
  )
  await ask(t, port, { path: '/none', fields: [...context, ...everything] })
  t.strictSame(arrived(origin.last()), [])
  t.match(wires.w3c.read(origin.last()), { traceId }, 'the trace goes on')
  await ask(t, port, { path: '/some', fields: [...context, ...everything] })
  t.strictSame(arrived(origin.last()), [['baggage', 'tenant=a']])
})

t.test('of a caller who is not believed no baggage passes, in any dialect', async t => {
  const { port, origin } = await world(
    t,
    url => `
trust: [{ from: 127.0.2.0/24, context: restart }, { from: 127.0.3.0/24, context: ignore }]
baggage: { accept: [${names.join(', ')}], emit: [${names.join(', ')}] }
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ match: {}, upstream: origin }]
`
  )
  for (const from of ['127.0.2.1', '127.0.3.1', '127.0.4.1']) {
    await ask(t, port, { from, fields: [...context, ...everything] })
    t.strictSame(arrived(origin.last()), [], from)
  }
})

t.test('Sentry’s members go with their trace, and stay behind when another begins', async t => {
  const { port, origin } = await world(t, everyWay)
  const lot = `sentry-trace_id=${traceId},sentry-public_key=abc`
  await ask(t, port, { path: '/to/w3c', fields: [...context, ['baggage', `a=1,${lot}`]] })
  t.equal(valueIn(origin.last(), 'baggage'), `a=1,${lot}`)
  await ask(t, port, { path: '/to/w3c', fields: [['baggage', `a=1,${lot}`]] })
  t.equal(valueIn(origin.last(), 'baggage'), 'a=1')
})

t.test('hostile baggage fails no request and reaches no other field', async t => {
  const { port, origin } = await world(
    t,
    url => `
baggage: { accept: [${names.join(', ')}], emit: [${names.join(', ')}] }
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ match: {}, upstream: origin }]
`
  )
  const hostile: readonly (readonly Field[])[] = [
    [['sw8-correlation', `${base64('x\r\nx-forged: 1')}:${base64('y\r\nx-forged: 1')}`]],
    [['uberctx-a', '%0d%0ax-forged:%201']],
    [['EagleEye-UserData', '&'.repeat(4000)]],
    [['baggage', ','.repeat(8000)]],
    [['baggage', '__proto__=1,constructor=2']],
    [['uberctx-__proto__', '1']],
    [['ot-baggage-a', '\xff\xfe']],
    Array.from({ length: 80 }, (_, i): Field => [`uberctx-k${i}`, 'v'.repeat(50)]),
    Array.from({ length: 80 }, (): Field => ['baggage', 'a=1'])
  ]
  for (const fields of hostile) {
    const answer = await ask(t, port, { fields })
    t.match(answer.start, /^HTTP\/1\.1 200/, String(fields[0]).slice(0, 40))
    t.equal(valueIn(origin.last(), 'x-forged'), undefined)
    for (const [name, value] of arrived(origin.last())) t.match(value, /^[\t\x20-\x7e]*$/, name)
  }
})

t.test('members that make no sense are counted once for each dialect, and the others go on', async t => {
  const { port, origin, adminUrl } = await world(
    t,
    url => `
baggage: { accept: [${names.join(', ')}], emit: [w3c] }
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ match: {}, upstream: origin }]
`
  )
  const broken: Readonly<Record<string, readonly Field[]>> = {
    w3c: [['baggage', 'a=1,junk,=2']],
    jaeger: [
      ['uberctx-', 'x'],
      ['jaeger-baggage', 'a=1,junk']
    ],
    ot: [
      ['ot-baggage-a', '1'],
      ['ot-baggage-', 'x']
    ],
    sofa: [
      ['baggage-', 'x'],
      ['sftc_head', encodeURIComponent('tcid=1&junk&a=1')]
    ],
    sw8: [['sw8-correlation', `!!:!!,${base64('a')}:${base64('1')},x`]],
    eagleeye: [['EagleEye-UserData', '=x&a=1&=y']]
  }
  t.strictSame(Object.keys(broken).sort(), [...names].sort(), 'every dialect')
  for (const [dialect, fields] of Object.entries(broken)) {
    await ask(t, port, { fields: [['User-Agent', dialect], ...fields] })
    t.equal(valueIn(origin.last(), 'baggage'), 'a=1', dialect)
    const counted = () => metric(adminUrl, 'tracebridge_malformed_total', { dialect, reason: 'baggage' })
    await until(async () => (await counted()) > 0, `${dialect} is counted`)
    t.equal(await counted(), 1, dialect)
  }
  const report: Migration = JSON.parse(await (await fetch(`${adminUrl}/api/propagation`)).text())
  for (const dialect of names) {
    const client = report.clients.find(({ agent }) => agent === dialect)
    t.match(client?.malformed, { [`${dialect}: baggage`]: 1 })
  }
})

t.test('with nothing said of it, baggage goes as traces do, and as W3C’s', async t => {
  const { port, origin } = await world(
    t,
    url => `
upstreams:
  new: { targets: [{ url: "${url}" }] }
  old: { targets: [{ url: "${url}" }], emit: [jaeger] }
routes:
  - { match: { path: /new }, upstream: new }
  - { match: { path: /old }, upstream: old }
`
  )
  const fields = [...context, ['uberctx-user', '7'], ['Baggage-Weight', '20kg']] as const
  await ask(t, port, { path: '/new', fields })
  t.strictSame(
    arrived(origin.last()),
    [
      ['Baggage-Weight', '20kg'],
      ['baggage', 'user=7']
    ],
    'SOFA is not guessed at'
  )
  await ask(t, port, { path: '/old', fields })
  t.strictSame(
    new Map(arrived(origin.last())),
    new Map([
      ['Baggage-Weight', '20kg'],
      ['uberctx-user', '7'],
      ['baggage', 'user=7']
    ])
  )
})
