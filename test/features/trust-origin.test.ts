// A page is known by its Origin, which any program can claim: it may continue a trace, and no more.
import t from 'tap'
import { type Field, valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const page = 'https://shop.example.com'
const traced = wires.w3c.write(traceId, spanId, 'keep')

t.test('pages that are named have their traces continued, and those of others begin anew', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
trust:
  - { origin: [${page}, "https://*.partner.example"], context: continue }
  - { from: any, context: restart }
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const cases: readonly (readonly [fields: readonly Field[], continued: boolean])[] = [
    [[['Origin', page]], true],
    [[['origin', 'https://a.b.partner.example']], true],
    [[['Origin', 'https://partner.example']], false],
    [[['Origin', `${page}.evil.example`]], false],
    [[['Origin', 'null']], false],
    [
      [
        ['Origin', page],
        ['Origin', 'https://evil.example']
      ],
      false
    ],
    [[['Referer', `${page}/`]], false],
    [[], false]
  ]
  for (const [fields, continued] of cases) {
    await ask(t, port, { fields: [...traced, ...fields] })
    t.equal(wires.w3c.read(origin.last())?.traceId === traceId, continued, JSON.stringify(fields))
  }
  await ask(t, port, { fields: [...traced, ['Origin', page], ['X-Forwarded-For', '192.0.2.7']] })
  t.equal(valueIn(origin.last(), 'x-forwarded-for'), '127.0.0.1', 'but it is no proxy of ours')
  t.equal(valueIn(origin.last(), 'origin'), page, 'and the upstream still sees whose page it is')
})

t.test('an address and an Origin must both be right where an entry asks for both', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
trust: [{ from: 127.0.1.1, origin: ["${page}"], context: continue }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const heard = async (from: string, ...fields: Field[]) => {
    await ask(t, port, { from, fields: [...traced, ...fields, ['X-Forwarded-For', '192.0.2.7']] })
    const { traceId: id } = wires.w3c.read(origin.last()) ?? {}
    return [id === traceId, valueIn(origin.last(), 'x-forwarded-for')]
  }
  t.strictSame(await heard('127.0.1.1', ['Origin', page]), [true, '192.0.2.7, 127.0.1.1'])
  t.strictSame(await heard('127.0.1.1'), [false, '127.0.1.1'])
  t.strictSame(await heard('127.0.1.2', ['Origin', page]), [false, '127.0.1.2'])
})
