// What callers can force has a ceiling: of their wishes so many in a time are followed, all routes together.
import t, { type Test } from 'tap'
import type { Field } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

const spanId = '00f067aa0ba902b7'
const stranger = '127.0.9.1'

/** The wish that the upstream is told for each wish sent, one after the other; our own rate keeps nothing. */
async function world(t: Test, sampling: string, extra = '') {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
trust: [{ from: 127.0.0.1, context: continue }]
sampling: ${sampling}
export: [{ console: {} }]
emit: [b3]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes:
  - { match: { path: /** }, upstream: origin }
  - { match: { path: /other }, upstream: origin }
${extra}
`
  )
  let number = 0
  const sends = async (wish: 'keep' | 'drop' | 'debug', path = '/', from = '127.0.0.1') => {
    const traceId = `4bf92f3577b34da6a3ce929d${(++number).toString(16).padStart(8, '0')}`
    const fields: readonly Field[] = wires.b3.write(traceId, spanId, wish)
    await ask(t, gateway.port, { path, from, fields })
    return wires.b3.read(origin.last())?.wish
  }
  return { ...gateway, sends }
}

t.test('beyond the ceiling our own rate decides, for a debug too, on whatever route', async t => {
  const { sends, app, adminUrl } = await world(t, '{ rate: 0%, limit: 1/h }')
  // A dry run and a caller who is not believed take nothing of it.
  const body = JSON.stringify({ headers: { b3: `4bf92f3577b34da6a3ce929d0e0e4736-${spanId}-1` } })
  const headers = { 'content-type': 'application/json' }
  t.ok((await fetch(`${adminUrl}/translate`, { method: 'POST', body, headers })).ok)
  t.equal(await sends('debug', '/', stranger), 'drop')
  t.equal(await sends('drop'), 'drop')
  t.equal(await sends('debug'), 'debug', 'the one that there is')
  t.equal(await sends('keep'), 'drop')
  t.equal(await sends('debug', '/other'), 'drop')
  await app.reload()
  t.equal(await sends('keep', '/other'), 'keep', 'a reload begins anew')
  t.equal(await sends('keep'), 'drop')
})

t.test('what our own rate keeps it keeps beyond the ceiling, as a keep, and the span says why', async t => {
  const { sends, printed } = await world(t, '{ rate: 100%, limit: 0/s }')
  t.equal(await sends('debug'), 'keep')
  t.equal(await sends('keep'), 'keep')
  t.equal(await sends('drop'), 'drop')
  const said = () => printed.join('').split('"tracebridge.sampling.reason":"limit"').length - 1
  await until(() => said() >= 2, 'both server spans')
  t.equal(said(), 2)
})

t.test('without a limit callers force what they wish', async t => {
  const { sends } = await world(t, '{ rate: 0% }')
  for (let i = 0; i < 30; i++)
    t.equal(await sends(i % 2 === 0 ? 'keep' : 'debug'), i % 2 === 0 ? 'keep' : 'debug')
})

t.test('capped wishes pass our own rate anyway, and take nothing', async t => {
  const extra = '  - { match: { path: /capped }, upstream: origin, sampling: { rate: 100%, parent: cap } }'
  const { sends } = await world(t, '{ rate: 0%, limit: 1/h }', extra)
  for (let i = 0; i < 3; i++) t.equal(await sends('keep', '/capped'), 'keep')
  t.equal(await sends('keep'), 'keep')
  t.equal(await sends('keep'), 'drop')
})
