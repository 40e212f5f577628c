// A tunnel between two connections: whatever a side does, both are gone in the end, and it is told once.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createTunnels, type TunnelEnd } from '../../src/proxy/tunnel.ts'
import { portFor } from '../served.ts'
import { until } from '../until.ts'

/** A connection by its two ends: ours, and that of whoever is out there. */
async function pair(t: Test): Promise<readonly [ours: Socket, theirs: Socket]> {
  const server = createServer({ allowHalfOpen: true })
  const port = await portFor(server)
  const theirs = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [ours] = await once(server, 'connection')
  theirs.on('error', () => {})
  theirs.resume()
  t.teardown(() => {
    theirs.destroy()
    ours.destroy()
    server.close()
  })
  return [ours, theirs]
}

async function open(t: Test, idle = 0, linger = 50) {
  const [caller, client] = await pair(t)
  const [upstream, service] = await pair(t)
  upstream.pipe(caller).pipe(upstream)
  const tunnels = createTunnels(linger)
  const ends: TunnelEnd[] = []
  tunnels.open({ caller, upstream, idle, over: end => ends.push(end) })
  const over = () => until(() => ends.length > 0 && caller.destroyed && upstream.destroyed, 'it is over')
  return { client, service, tunnels, ends, over }
}

t.test('who does not end after the other is ended', async t => {
  for (const side of ['client', 'service'] as const) {
    const { tunnels, ends, over, ...world } = await open(t)
    t.equal(tunnels.count(), 1)
    world[side].end('over')
    await over()
    const by = side === 'client' ? 'caller' : 'upstream'
    t.match(ends, [{ by, broken: false, code: undefined }])
    t.equal(ends[0]?.[side === 'client' ? 'received' : 'sent'], 4)
    t.equal(tunnels.count(), 0)
  }
})

t.test('who is still told something after its own end is not hurried', async t => {
  const { client, service, ends, over } = await open(t, 0, 2000)
  let told = 0
  client.on('data', chunk => {
    told += chunk.length
  })
  client.end()
  for (let at = 0; at < 10; at++) {
    // In all longer than it would linger, and each time by far shorter.
    await new Promise(resolve => setTimeout(resolve, 250))
    service.write('x')
  }
  service.end()
  await over()
  t.equal(told, 10)
  t.match(ends, [{ by: 'caller', broken: false, sent: 10 }])
})

t.test('who does not stop talking to somebody who is gone is ended', async t => {
  const { client, service, ends, over } = await open(t)
  const talk = setInterval(() => service.write('x'), 5)
  t.teardown(() => clearInterval(talk))
  client.resetAndDestroy()
  await over()
  t.match(ends, [{ by: 'caller', broken: true }])
})

t.test('who does not hear that it is to go is cut off', async t => {
  const { client, ends, over } = await open(t, 30)
  client.pause()
  await over()
  t.match(ends, [{ by: 'idle', code: 1001 }])
})

t.test('who ends without an answer to our close takes the other along at once', async t => {
  const { client, service, tunnels, ends, over } = await open(t, 0, 60_000)
  service.on('end', () => service.end())
  tunnels.farewell()
  client.end()
  await over()
  t.match(ends, [{ by: 'drain', broken: false, code: 1001 }])
})

t.test('who comes when everybody is told to go is told so, too', async t => {
  const [caller, client] = await pair(t)
  const [upstream, service] = await pair(t)
  const tunnels = createTunnels()
  tunnels.farewell()
  upstream.pipe(caller).pipe(upstream)
  const told = once(client, 'data')
  tunnels.open({ caller, upstream, idle: 0, over: () => {} })
  t.strictSame((await told)[0], Buffer.from([0x88, 2, 0x03, 0xe9]))
  const ended = tunnels.ended()
  client.end()
  service.end()
  await ended
  t.equal(tunnels.count(), 0)
})

t.test('a cut is for all, at once', async t => {
  const { tunnels, ends, over } = await open(t)
  tunnels.cut()
  await over()
  t.match(ends, [{ by: 'drain', broken: false, received: 0, sent: 0 }])
  t.equal(ends.length, 1)
})
