// Answers as a Prometheus does to the three questions that the gate asks, from what it scraped of real gateways.
// There is none in npm to run: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries

import { createServer } from 'node:http'
import type { Teardown } from '../running.ts'
import { serveFor } from '../served.ts'

export type Prometheus = { readonly url: string; readonly queries: readonly string[] }

type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: [number, string] }

const linePattern = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/
const labelPattern = /([a-z_]+)="([^"]*)"/g

/** Scrapes each of these when it is asked; `change` is told the samples of a query before they go out. */
export async function startPrometheus(
  t: Teardown,
  metricsUrls: readonly string[],
  change: (samples: Sample[], query: string) => unknown = samples => samples,
  more: object = {}
): Promise<Prometheus> {
  const queries: string[] = []
  const answer = async (query: string) => {
    queries.push(query)
    const samples: Sample[] = []
    for (const [i, url] of metricsUrls.entries()) {
      const text = await (await fetch(url)).text()
      for (const line of text.split('\n')) {
        const [, name = '', labels = '', value = ''] = linePattern.exec(line) ?? []
        if (!asked(query, name, labels)) continue
        const metric = Object.fromEntries([...labels.matchAll(labelPattern)].map(([, key, is]) => [key, is]))
        samples.push({
          metric: { __name__: name, job: 'gateway', instance: `gateway-${i}`, ...metric },
          value: [Date.now() / 1000, value]
        })
      }
    }
    return { status: 'success', data: { resultType: 'vector', result: change(samples, query) }, ...more }
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', async () => {
      const query = new URLSearchParams(body).get('query') ?? ''
      const known = request.url === '/api/v1/query' && request.method === 'POST'
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(known ? await answer(query) : {}))
    })
  })
  const port = await serveFor(t, server)
  return { url: `http://127.0.0.1:${port}`, queries }
}

/** Of a query only which metric it names, and which labels. */
function asked(query: string, name: string, labels: string): boolean {
  if (query.startsWith('process_start_time_seconds')) return name === 'process_start_time_seconds'
  if (query === 'tracebridge_workers_silent') return name === query
  return query.split(' or ').some(part => {
    const [, of, matchers = ''] = /^([a-z_]+)\{(.*)\}$/.exec(part) ?? []
    return of === name && matchers.split(',').every(matcher => labels.includes(matcher))
  })
}
