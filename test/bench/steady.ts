// A process of the bench: requests at a fixed rate, whatever the answers take. A time runs from when a request was
// due, so that a stall counts for all who would have come meanwhile; or from when it was sent, so that what this process
// was late does not.
import { randomBytes } from 'node:crypto'
import { createHistogram } from 'node:perf_hooks'
import { type Dispatcher, Pool } from 'undici'

/** `start` begins, `phase` reports and begins a new count, `stop` reports when the last answer is there. */
export type SteadyOrder =
  | {
      readonly kind: 'start'
      readonly port: number
      readonly perSecond: number
      readonly from: 'due' | 'sent'
    }
  | { readonly kind: 'phase' | 'stop' }

export type Steady = {
  readonly served: number
  readonly failed: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly most: number
}

const everyMs = 1
let times = createHistogram()
let served = 0
let failed = 0
let open = 0
let timer: NodeJS.Timeout | undefined
let stopping = false

function start(port: number, perSecond: number, from: 'due' | 'sent'): void {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 256, pipelining: 1, allowH2: false })
  const begin = performance.now()
  let sent = 0
  timer = setInterval(() => {
    const now = performance.now()
    for (; begin + (sent * 1000) / perSecond <= now; sent++) {
      open++
      const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-03`
      const headers = { accept: '*/*', 'user-agent': 'bench', traceparent }
      pool.dispatch(
        { path: '/orders/42', method: 'GET', headers },
        client(from === 'sent' ? performance.now() : begin + (sent * 1000) / perSecond)
      )
    }
  }, everyMs)
}

function client(since: number): Dispatcher.DispatchHandler {
  let status = 0
  const done = (well: boolean) => {
    open--
    if (well) served++
    else failed++
    times.record(Math.max(1, Math.round((performance.now() - since) * 1000)))
    if (stopping && open === 0) report(true)
  }
  return {
    onRequestStart() {},
    onResponseStart(_, code) {
      status = code
    },
    onResponseData() {},
    onResponseEnd: () => done(status === 200),
    onResponseError: () => done(false)
  }
}

function report(last: boolean): void {
  const ms = (microseconds: number) => microseconds / 1000
  const steady: Steady = {
    served,
    failed,
    p50: ms(times.percentile(50)),
    p99: ms(times.percentile(99)),
    most: ms(times.max)
  }
  times = createHistogram()
  served = 0
  failed = 0
  process.send?.(steady, () => last && process.exit())
}

process.on('message', (order: SteadyOrder) => {
  if (order.kind === 'start') start(order.port, order.perSecond, order.from)
  else if (order.kind === 'phase') report(false)
  else {
    clearInterval(timer)
    stopping = true
    if (open === 0) report(true)
  }
})
process.send?.({})
process.on('disconnect', () => process.exit())
