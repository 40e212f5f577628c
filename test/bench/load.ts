// A process of the bench: clients on kept-alive connections, each with its next request as soon as it is answered,
// bounded in count and time. Over bare connections, so that it costs its core as little as may be.
import { connect, type Socket } from 'node:net'
import { createAnswerReader } from './answers.ts'
import type { Load } from './loads.ts'
import { requestsOf } from './requests.ts'

export type Order = { readonly port: number; readonly load: Load; readonly milliseconds: number }
export type Served = {
  readonly served: number
  readonly failed: number
  readonly milliseconds: number
  /** Of the first that failed. */
  readonly why: string | undefined
}

const written = new Map<string, readonly Buffer[]>()

function bytesOf(load: Load): readonly Buffer[] {
  const known = written.get(load.name) ?? requestsOf(load)
  written.set(load.name, known)
  return known
}

/** For answers that are under way when the time is over. */
const graceMs = 5000

function run({ port, load, milliseconds }: Order): Promise<Served> {
  const requests = bytesOf(load)
  const begin = performance.now()
  const deadline = begin + milliseconds
  const open = new Set<Socket>()
  let callers = load.connections
  let sent = 0
  let served = 0
  let failed = 0
  let refused = 0
  let why: string | undefined
  const { promise, resolve } = Promise.withResolvers<Served>()
  const late = setTimeout(() => {
    why ??= 'no answer'
    for (const socket of open) socket.destroy()
  }, milliseconds + graceMs)

  function over(): boolean {
    // Whoever refuses everything is not asked for ever.
    return sent >= load.requests || failed + refused > load.connections || performance.now() >= deadline
  }

  function leave(): void {
    if (--callers > 0) return
    clearTimeout(late)
    resolve({ served, failed: failed + refused, milliseconds: performance.now() - begin, why })
  }

  /** One caller: a connection at a time, and a new one where that ends. */
  function call(): void {
    const read = createAnswerReader()
    const socket = connect(port, '127.0.0.1')
    let connected = false
    let waiting = false

    function next(): void {
      const bytes = over() ? undefined : requests[sent % requests.length]
      if (bytes === undefined) return void socket.destroy()
      sent++
      waiting = true
      socket.write(bytes)
    }
    function take(piece: Buffer): void {
      const answer = read(piece)
      if (answer === undefined) return
      if (answer.status !== 200 || answer.bytes !== load.answer)
        throw new Error(`answered ${answer.status} with ${answer.bytes} bytes`)
      waiting = false
      served++
      if (answer.last) socket.destroy()
      else next()
    }
    open.add(socket)
    socket.setNoDelay(true)
    socket.on('connect', () => {
      connected = true
      next()
    })
    socket.on('data', piece => {
      try {
        take(piece)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
      }
    })
    socket.on('error', error => {
      why ??= error.message
    })
    socket.on('close', () => {
      open.delete(socket)
      if (!connected) refused++
      if (waiting) {
        failed++
        why ??= 'the connection was closed'
      }
      if (over()) leave()
      else call()
    })
  }

  for (let i = 0; i < load.connections; i++) call()
  return promise
}

process.on('message', (order: Order) => {
  void run(order).then(served => process.send?.(served))
})
process.send?.({})
process.on('disconnect', () => process.exit())
