// An admin listener whose gateway serves a given number of requests between any two looks at it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createLatency, type LatencyReport } from '../../src/report/latency.ts'
import { drawsOf } from '../draws.ts'
import { outcomeOf, routeOf, target } from '../report/outcomes.ts'
import type { Teardown } from '../running.ts'
import { serveFor } from '../served.ts'

/** Requests of one tag in one step. */
export type Served = {
  readonly tag: string
  readonly requests: number
  /** How many times as slow as usual. */
  readonly slower?: number
  readonly errors?: number
}

export type Reporting = { readonly url: string; readonly asked: readonly IncomingMessage[] }

export type ReportingOptions = {
  /** What is served before the look of this number, from 0. */
  readonly served: (look: number) => readonly Served[]
  /** Begins a new life before these looks. */
  readonly restarts?: readonly number[]
  /** Names of lives, in turn. */
  readonly epochs?: readonly string[]
  readonly change?: (report: LatencyReport, look: number) => unknown
  /** True when it has answered by itself. */
  readonly answer?: (response: ServerResponse, look: number) => boolean
}

/** Ends with the test. */
export async function startReporting(t: Teardown, options: ReportingOptions): Promise<Reporting> {
  const { served, restarts = [], epochs = ['first', 'second', 'third'] } = options
  const { change = report => report, answer = () => false } = options
  const { latency: draw } = drawsOf(epochs.length + 11)
  const asked: IncomingMessage[] = []
  let life = 0
  let counting = createLatency(Date.now, epochs[0] ?? '')
  const server = createServer((request, response) => {
    const look = asked.push(request) - 1
    if (restarts.includes(look)) counting = createLatency(Date.now, epochs[++life] ?? String(life))
    for (const one of served(look)) serve(counting, one, draw)
    if (answer(response, look)) return
    const body = JSON.stringify(change(counting.report('test'), look))
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  const port = await serveFor(t, server)
  return { url: `http://127.0.0.1:${port}`, asked }
}

function serve(
  counting: ReturnType<typeof createLatency>,
  { tag, requests, slower = 1, errors = 0 }: Served,
  draw: () => number
): void {
  const tagged = { ...target, tags: new Map([['service.tag', tag]]) }
  const route = routeOf({ name: 'orders' })
  for (let i = 0; i < requests; i++) {
    const tried = { target: tagged, start: 0, end: slower * draw(), status: i < errors ? 500 : 200 }
    counting.request(outcomeOf({ route }, { tries: [tried] }))
  }
}
