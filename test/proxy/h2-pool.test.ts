// Connections that an upstream leaves silent, by a clock of the test's own.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { StreamPool } from '../../src/proxy/h2-pool.ts'
import type { Control } from '../../src/proxy/recipient.ts'
import type { Looked } from '../../src/proxy/sweep.ts'
import { deaf, nothingStripped } from '../recipient.ts'
import { until } from '../until.ts'

const ping = 6
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])

/** An upstream that says SETTINGS, then nothing; it notes frames' types and hangs up on nobody. */
async function startDumb(t: Test) {
  const sockets: Socket[] = []
  const frames: number[] = []
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.push(socket)
    let bytes = Buffer.alloc(0)
    let begun = false
    socket.on('error', () => {})
    socket.on('data', chunk => {
      bytes = Buffer.concat([bytes, chunk])
      if (!begun && bytes.length >= 24) {
        begun = true
        bytes = bytes.subarray(24)
      }
      while (begun && bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        frames.push(bytes.readUInt8(3))
        bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3))
      }
    })
    socket.write(settings)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, sockets, frames }
}

/** A pool before it, and time as the test has it. */
async function poolOf(t: Test) {
  const dumb = await startDumb(t)
  const looked = new Set<Looked>()
  const made: Socket[] = []
  let second = 0
  const pool = new StreamPool(`http://127.0.0.1:${dumb.port}`, {
    connect: (_, callback) => {
      const socket = connect(dumb.port, '127.0.0.1', () => callback(null, socket))
      made.push(socket)
    },
    connections: 2,
    connectionAgeMs: 1_000_000,
    keepAlive: 30_000,
    maxHeaderSize: 16_384,
    sweep: { add: one => void looked.add(one), delete: one => void looked.delete(one) }
  })
  const pass = (seconds: number) => {
    for (const end = second + seconds; second < end; second++)
      for (const one of looked) one.look(second * 1000)
  }
  const ask = () => {
    const errors: Error[] = []
    let control: Control | undefined
    pool.dispatch(
      { path: '/', method: 'GET', fields: [], body: null, strip: nothingStripped },
      {
        ...deaf(),
        onRequestStart: own => {
          control = own
        },
        onResponseError: error => void errors.push(error)
      }
    )
    return { errors, begun: () => control !== undefined, stop: () => control?.abort(new Error('no')) }
  }
  return { ...dumb, pool, pass, ask, made }
}

t.test('a dumb connection is asked by PING, left alone, and given up', async t => {
  const { frames, pass, ask, pool, made } = await poolOf(t)
  const first = ask()
  await until(() => first.begun() && made[0]?.bytesRead === settings.length, 'it is asked')
  pass(8)
  await until(() => frames.includes(ping), 'PING')
  t.equal(pool.stats.connected, 1)
  pass(8)
  const second = ask()
  await until(() => second.begun(), 'another goes elsewhere')
  t.equal(pool.stats.connected, 2)
  t.same(first.errors, [], 'those that are there may yet end')
  pass(30)
  await until(() => first.errors.length === 1, 'until they are given up')
  t.match(first.errors[0]?.message, 'ended')
  await until(() => pool.stats.connected === 1, 'and their connection with them')
})

t.test('an idle connection ends, though its upstream does not hang up', async t => {
  const { pass, ask, pool, made, sockets } = await poolOf(t)
  const asked = ask()
  await until(() => asked.begun() && made[0]?.bytesRead === settings.length, 'it is asked')
  asked.stop()
  await until(() => pool.stats.running === 0, 'it is over')
  pass(40)
  await until(() => pool.stats.connected === 0, 'its place is free')
  t.equal(sockets.length, 1)
})
