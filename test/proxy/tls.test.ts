import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { listenOn } from '../../src/listen.ts'
import { tlsDoor } from '../../src/proxy/tls.ts'
import { connectTls, tlsOf } from '../certificates.ts'
import { connectRaw } from '../raw.ts'
import { loaded, minimal } from '../rules/rule-files.ts'
import { until } from '../until.ts'

const speech = {
  http1: true,
  streams: undefined,
  patience: () => ({ header: 1000, keepAlive: 1000 }),
  residents: 0
}

async function doorOf(t: Test, timeout: number) {
  const { rules } = loaded(t, `listen: [{ address: ":0", ${tlsOf()} }]\n${minimal}`)
  const tls = rules.listen[0]?.tls
  if (tls === undefined) throw new Error('there is no TLS')
  const shaken: string[] = []
  const door = tlsDoor(tls, { http: {}, speech, shaken: outcome => shaken.push(outcome), timeout })
  // What node:https does with a failure unless somebody takes it over, as the gateway does.
  door.server.on('clientError', (_, socket) => socket.destroy())
  const port = await listenOn(door.server, '127.0.0.1', 0)
  t.teardown(() => door.server.close())
  return { port, shaken }
}

t.test('a handshake that takes too long is ended', async t => {
  const { port, shaken } = await doorOf(t, 100)
  const client = await connectRaw(t, port)
  // Half of a record, and nothing more.
  client.send('\x16\x03\x01\x02')
  // By a reset where not even that was read in time.
  await client.over
  await until(() => shaken.length > 0, 'it is told')
  t.same(shaken, ['timeout'])
})

t.test('one who hangs up, and one who stays', async t => {
  const { port, shaken } = await doorOf(t, 10_000)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end()
  await until(() => shaken.length > 0, 'it is told')
  const client = await connectTls(t, port)
  await until(() => shaken.length > 1, 'so is this')
  t.same(shaken, ['caller-gone', 'completed'])
  client.socket.destroy()
})
