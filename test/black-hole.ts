// An address that neither takes a connection nor refuses one: its queue is full, and nobody empties it.
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Teardown } from './running.ts'

// Listens, and then never looks again. Nobody hears of it before: whom it still took would make room in its queue.
const deaf = `
const { createServer } = require('node:net')
const { parentPort } = require('node:worker_threads')
const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  setImmediate(() => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
})
`

/** The port; ends with the test. */
export async function startBlackHole(t: Teardown): Promise<number> {
  const worker = new Worker(deaf, { eval: true, execArgv: [] })
  const fillers: Socket[] = []
  t.teardown(async () => {
    for (const socket of fillers) socket.destroy()
    await worker.terminate()
  })
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  while (await connects(port, fillers));
  return port
}

/** A connection to this machine is made at once, or not at all. */
function connects(port: number, fillers: Socket[]): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  fillers.push(socket)
  return new Promise(resolve => {
    // The loop may have stood still: what came meanwhile is heard of ahead of the immediate.
    const timer = setTimeout(() => setImmediate(() => resolve(false)), 250)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
