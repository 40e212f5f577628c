// Headers of vendors that the gateway does not write: they pass as they came, in both kinds of hop.
import t from 'tap'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { type Headers, type Vector, vectors } from '../vectors/vectors.ts'

const opaque = vectors<Vector<{ readonly forward: Headers }>>('opaque').map(({ name, headers, expect }) => ({
  name,
  headers,
  forward: expect.forward
}))
// Nobody without an account at New Relic may mint its header: it is read, and never replaced.
const newrelic = vectors<Vector<unknown>>('newrelic').map(({ name, headers }) => ({
  name: `New Relic: ${name}`,
  headers,
  forward: headers
}))

for (const [hop, rules] of [
  ['a reporting hop', 'export: [{ console: {} }]'],
  ['a transparent hop', 'spans: none']
] as const) {
  t.test(`${hop} relays what it does not speak, byte for byte`, async t => {
    const origin = await startOrigin(t)
    const { port } = await run(
      t,
      `
${rules}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
    )
    for (const { name, headers, forward } of [...opaque, ...newrelic]) {
      const names = new Set(headers.map(([name]) => name.toLowerCase()))
      await ask(t, port, { fields: headers.map(([name, value]) => [name, value]) })
      const arrived = origin.last().fields.filter(([name]) => names.has(name.toLowerCase()))
      t.strictSame(arrived, forward, name)
    }
  })

  t.test(`${hop} relays them beside a trace that it continues`, async t => {
    const origin = await startOrigin(t)
    const { port } = await run(
      t,
      `
${rules}
upstreams: { origin: { targets: [{ url: "${origin.url}" }], emit: [datadog, b3] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
    )
    const headers = [...opaque, ...newrelic.slice(0, 1)].flatMap(({ headers }) => headers)
    const names = new Set(headers.map(([name]) => name.toLowerCase()))
    await ask(t, port, {
      fields: [
        ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
        ...headers.map(([name, value]): [string, string] => [name, value])
      ]
    })
    const { fields } = origin.last()
    t.strictSame(
      fields.filter(([name]) => names.has(name.toLowerCase())),
      headers
    )
    const sent = new Map(fields.map(([name, value]) => [name.toLowerCase(), value]))
    t.equal(sent.get('x-datadog-tags'), '_dd.p.tid=4bf92f3577b34da6')
    t.match(sent.get('b3'), /^4bf92f3577b34da6a3ce929d0e0e4736-/)
    t.equal(sent.get('traceparent'), undefined)
  })
}
