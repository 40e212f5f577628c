// Requests as a shop gets them, as many as are asked for and the same each time: what their spans weigh is what spans
// weigh in the field. 60 routes, 200 browsers, and addresses, ids, queries and times that hardly repeat.
import { createHash } from 'node:crypto'
import type { Span } from '../../src/exporters/exporter.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import { spansOf } from '../../src/report/spans.ts'
import { outcomeOf, routeOf, start, target } from './outcomes.ts'

const nouns = [
  'orders',
  'users',
  'carts',
  'items',
  'payments',
  'invoices',
  'sessions',
  'reviews',
  'prices',
  'stock',
  'search',
  'parcels'
]
const endings = ['', '/{id}', '/{id}/lines', '/{id}/status', '/{id}/history']
const routes = nouns.flatMap(noun =>
  endings.map(ending => {
    const template = `/api/v1/${noun}${ending}`
    const host = `${noun}.shop.svc`
    const tags = new Map([
      ['service.tag', ending === '' ? 'gray' : 'base'],
      ['version', `1.${noun.length}`]
    ])
    return {
      route: routeOf({ name: template, template }),
      target: { ...target, host, origin: `http://${host}:8080`, tags }
    }
  })
)
const systems = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'iPhone; CPU iPhone OS 17_5 like Mac OS X',
  'Linux; Android 14; Pixel 8'
]
const browsers = Array.from(
  { length: 200 },
  (_, i) =>
    `Mozilla/5.0 (${systems[i % 5]}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + (i % 40)}.0.${1000 + i * 7}.${i} Safari/537.36`
)

/** Bytes without end, like random ones. */
function dice() {
  let rolled = 0
  let bytes = Buffer.alloc(0)
  const hex = (length: number): string => {
    if (bytes.length < length) bytes = createHash('sha512').update(String(rolled++)).digest()
    const taken = bytes.subarray(0, length).toString('hex')
    bytes = bytes.subarray(length)
    return taken
  }
  const below = (limit: number): number => Number.parseInt(hex(4), 16) % limit
  const one = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)]
    if (found === undefined) throw new Error('an empty list')
    return found
  }
  return { hex, below, one }
}

/** Requests that are over, each with one attempt, and ids for their two spans: those of tests would pack too well. */
export function mixedOutcomes(
  number: number
): readonly { readonly outcome: Outcome; readonly ids: readonly string[] }[] {
  const { hex, below, one } = dice()
  return Array.from({ length: number }, () => {
    const { route, target } = one(routes)
    const status = below(100) < 97 ? 200 : one([404, 500, 503])
    const began = start + below(1e6) / 1000
    const took = 1 + below(80_000) / 1000
    const outcome = outcomeOf(
      {
        route,
        template: route.template,
        path: route.template.replace('{id}', String(below(1e7))),
        method: one(['GET', 'GET', 'GET', 'POST']),
        query: below(2) === 0 ? '' : `page=${below(100)}&q=${hex(4)}`,
        client: `10.${below(256)}.${below(256)}.${below(256)}`,
        userAgent: one(browsers),
        status,
        start: began,
        end: began + took
      },
      {
        headers: [['traceparent', `00-${hex(16)}-${hex(8)}-01`]],
        tries: [{ target, status, start: began + 0.2, end: began + took - 0.3 }]
      }
    )
    return { outcome, ids: [hex(8), hex(8)] }
  })
}

/** The spans of each request: its server span, and one attempt. */
export function mixedRequests(number: number): readonly (readonly Span[])[] {
  return mixedOutcomes(number).map(({ outcome, ids }) =>
    spansOf(outcome).map((span, index) => ({
      ...span,
      spanId: ids[index] ?? span.spanId,
      parentId: index === 0 ? span.parentId : ids[0]
    }))
  )
}
