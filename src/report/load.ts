// How much there is to do, as metrics tell it.
import { createReading, type Family } from './series.ts'

export type LoadGauges = {
  /** Connections of callers that are open. */
  readonly connections: () => number
  /** Those that were closed at once, for there were too many. */
  readonly turnedAway: () => number
  /** 0 to 3. */
  readonly level: () => number
  /** By resource, 1 is too much. */
  readonly shares: () => ReadonlyMap<string, number>
}

export function loadFamilies(gauges: LoadGauges): readonly Family[] {
  return [
    createReading('gauge', 'tracebridge_connections', 'Connections of callers.', [], () => [
      [[], gauges.connections()]
    ]),
    createReading(
      'counter',
      'tracebridge_connections_turned_away',
      'Connections of callers that were closed at once, for a listener had as many as it may.',
      [],
      () => [[[], gauges.turnedAway()]]
    ),
    createReading(
      'gauge',
      'tracebridge_overload_level',
      'What is let go: 0 nothing, 1 kept connections, 2 spans besides, 3 requests besides.',
      [],
      () => [[[], gauges.level()]]
    ),
    createReading(
      'gauge',
      'tracebridge_overload_share',
      'Of delay (of the event loop), heap and memory, the share of what is too much.',
      ['resource'],
      () => [...gauges.shares()].map(([resource, share]) => [[resource], share])
    )
  ]
}
