// rules/sidecar.yaml as it is: a mesh that speaks W3C around one service that reads B3 and cannot be changed.
import t from 'tap'
import { valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { runFile } from '../ready-made.ts'
import { type Wish, wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

t.test('the service is a child of its own caller: only the dialect changes', async t => {
  const service = await startOrigin(t)
  const { port } = await runFile(t, 'rules/sidecar.yaml', { SERVICE_PORT: String(service.port) })
  for (const wish of ['keep', 'drop'] satisfies Wish[]) {
    await ask(t, port, { path: '/any/where', fields: wires.w3c.write(traceId, spanId, wish) })
    t.match(wires.b3multi.read(service.last()), { traceId, spanId, wish })
    t.equal(valueIn(service.last(), 'traceparent'), undefined)
  }
})

t.test('a caller that speaks B3 already, in either form, is understood as it is', async t => {
  const service = await startOrigin(t)
  const { port } = await runFile(t, 'rules/sidecar.yaml', { SERVICE_PORT: String(service.port) })
  for (const wire of [wires.b3, wires.b3multi]) {
    for (const wish of ['keep', 'drop', 'defer', 'debug'] satisfies Wish[]) {
      await ask(t, port, { fields: wire.write('a3ce929d0e0e4736', spanId, wish) })
      t.match(wires.b3multi.read(service.last()), { traceId: 'a3ce929d0e0e4736', spanId, wish })
    }
  }
})

t.test('a call without a trace begins one, so that the service and its logs have an id', async t => {
  const service = await startOrigin(t)
  const { port } = await runFile(t, 'rules/sidecar.yaml', { SERVICE_PORT: String(service.port) })
  await ask(t, port)
  t.match(wires.b3multi.read(service.last()), { traceId: /^[0-9a-f]{32}$/, wish: 'keep' })
})
