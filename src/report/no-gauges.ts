// Gauges of a process that serves nothing itself.
import type { Gauges } from './metrics.ts'

export const noGauges: Gauges = {
  inFlight: () => 0,
  upgraded: () => 0,
  draining: () => false,
  connections: () => [],
  linesLost: () => 0,
  rates: () => [],
  spans: () => new Map(),
  rulesLoaded: () => 0,
  certificates: () => []
}
