// What metrics say of dialects, read from the rows of the migration report.
import type { ClientTally, DialectTally, RouteTally } from './propagation-tally.ts'
import { createReading, type Family, type Reading } from './series.ts'

export function propagationFamilies(
  routes: () => readonly RouteTally[],
  clients: () => readonly ClientTally[]
): readonly Family[] {
  const perDialect = (value: (tally: DialectTally) => number | undefined): Reading => {
    return () =>
      routes().flatMap(({ route, dialects }) =>
        [...dialects].flatMap(([dialect, tally]) => {
          const amount = value(tally)
          return amount === undefined ? [] : [[[route, dialect], amount] as const]
        })
      )
  }
  return [
    createReading(
      'counter',
      'tracebridge_propagation',
      'Requests by route, client group and the dialects that could be read in them.',
      ['route', 'agent', 'from', 'dialects'],
      () => clients().map(row => [[row.route, row.agent, row.from, row.dialects], row.requests])
    ),
    createReading(
      'counter',
      'tracebridge_dialect_needed',
      'Requests of believed callers that would have lost their context without a dialect.',
      ['route', 'dialect'],
      perDialect(tally => tally.needed)
    ),
    createReading(
      'gauge',
      'tracebridge_dialect_last_needed_timestamp_seconds',
      'When a request of a believed caller last needed a dialect.',
      ['route', 'dialect'],
      perDialect(({ lastNeeded }) => (lastNeeded === undefined ? undefined : lastNeeded / 1000))
    )
  ]
}
