// A trace that a believed caller demands by a header field: kept, whatever was decided, within a budget.
import t, { type Test } from 'tap'
import { type Field, valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const stranger = '127.0.9.1'

async function world(t: Test, sampling: string) {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
trust: [{ from: 127.0.0.1, context: continue }]
sampling: ${sampling}
export: [{ console: {} }]
emit: [w3c]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const said = async (fields: readonly Field[], from = '127.0.0.1') => {
    await ask(t, gateway.port, { fields, from })
    return wires.w3c.read(origin.last())?.wish
  }
  return { ...gateway, origin, said }
}

t.test('it keeps what the rate, a cap or the caller’s own drop would not', async t => {
  for (const sampling of ['rate: 0%', 'rate: 0%, parent: cap', 'rate: 0%, parent: ignore']) {
    const { said, origin, printed } = await world(t, `{ ${sampling}, force: { header: X-Trace-Force } }`)
    for (const value of ['1', 'true', 'TRUE', 'yes']) {
      t.equal(await said([['x-trace-force', value]]), 'keep', `${sampling} ${value}`)
    }
    t.equal(valueIn(origin.last(), 'x-trace-force'), 'yes', 'and goes on, for the next gateway')
    t.equal(await said([['x-trace-force', '1'], ...wires.w3c.write(traceId, spanId, 'drop')]), 'keep')
    t.equal(wires.w3c.read(origin.last())?.traceId, traceId)
    for (const value of ['', '0', 'false', '1, 1', '11', 'truely']) {
      t.equal(await said([['x-trace-force', value]]), 'drop', `${sampling} ${value}`)
    }
    await until(
      () => printed.join('').split('"tracebridge.sampling.reason":"forced"').length === 6,
      'it is said'
    )
  }
})

t.test('who is not believed forces nothing, and its field goes no further', async t => {
  const { said, origin } = await world(t, '{ rate: 0%, force: { header: x-trace-force } }')
  t.equal(await said([['X-Trace-Force', '1']], stranger), 'drop')
  t.equal(valueIn(origin.last(), 'x-trace-force'), undefined)
  await said([['X_Trace_Force', '1']], stranger)
  t.equal(valueIn(origin.last(), 'x_trace_force'), undefined, 'which CGI would take for it')
})

t.test('what is kept anyway keeps its reason and its odds, and takes nothing of the budget', async t => {
  const { said, origin } = await world(t, '{ rate: 50%, force: { header: x-trace-force, at-most: 1/h } }')
  const force = ['x-trace-force', '1'] as const
  const high = '4bf92f3577b34da6a3ffffffffffffff'
  const low = '4bf92f3577b34da6a300000000000001'
  for (let n = 0; n < 3; n++) {
    t.equal(await said([force, ['b3', `${high}-${spanId}`]]), 'keep')
    t.equal(valueIn(origin.last(), 'tracestate'), 'ot=th:8')
  }
  t.equal(await said([force, ['b3', `${low}-${spanId}`]]), 'keep')
  t.equal(valueIn(origin.last(), 'tracestate'), undefined)
  t.equal(await said([force, ['b3', `${low}-${spanId}`]]), 'drop', 'one there was')
})

t.test('a field that no rule names is like any other', async t => {
  const { said, origin } = await world(t, '{ rate: 0% }')
  t.equal(await said([['x-trace-force', '1']], stranger), 'drop')
  t.equal(valueIn(origin.last(), 'x-trace-force'), '1')
})
