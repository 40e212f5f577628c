// A process of the bench: clients on kept-alive connections, bounded in count and time.
import { randomBytes } from 'node:crypto'
import { type Dispatcher, Pool } from 'undici'

export type Order = {
  readonly port: number
  readonly requests: number
  readonly connections: number
  readonly milliseconds: number
}
export type Served = { readonly served: number; readonly failed: number; readonly milliseconds: number }

// Traces of their own, sampled by the caller, as instrumented callers send them.
const headers = Array.from({ length: 4096 }, () => [
  ...['accept', '*/*', 'user-agent', 'bench', 'accept-encoding', 'gzip, br'],
  ...['traceparent', `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-03`]
])

function run({ port, requests, connections, milliseconds }: Order): Promise<Served> {
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connections,
    pipelining: 1,
    headersTimeout: 5000,
    allowH2: false
  })
  const begin = performance.now()
  const deadline = begin + milliseconds
  let sent = 0
  let served = 0
  let failed = 0
  const { promise, resolve } = Promise.withResolvers<Served>()

  function next(): void {
    if (sent < requests && performance.now() < deadline) {
      const set = headers[sent % headers.length] ?? []
      sent++
      pool.dispatch({ path: '/orders/42', method: 'GET', headers: set }, client())
    } else if (served + failed === sent) {
      void pool.destroy()
      resolve({ served, failed, milliseconds: performance.now() - begin })
    }
  }

  function client(): Dispatcher.DispatchHandler {
    let status = 0
    let bytes = 0
    return {
      onRequestStart() {},
      onResponseStart(_, code) {
        status = code
      },
      onResponseData(_, chunk) {
        bytes += chunk.length
      },
      onResponseEnd() {
        if (status === 200 && bytes === 100) served++
        else failed++
        next()
      },
      onResponseError() {
        failed++
        next()
      }
    }
  }

  for (let i = 0; i < connections; i++) next()
  return promise
}

process.on('message', (order: Order) => {
  void run(order).then(served => process.send?.(served))
})
process.send?.({})
process.on('disconnect', () => process.exit())
