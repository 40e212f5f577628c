// Fills in what rules leave out about pages of other origins, and shows it to people again.
import type { CorsSettings } from './settings.ts'
import type { DecodedCors } from './shape.ts'
import type { Shown } from './shown.ts'
import { formatDuration } from './values.ts'

const tenMinutes = 600_000

/** Undefined where nothing is said: no page of another origin is let in. */
export function settleCors(cors: DecodedCors | undefined): CorsSettings | undefined {
  if (cors === undefined) return undefined
  return {
    origins: cors.origins,
    credentials: cors.credentials ?? false,
    mode: cors.mode ?? 'answer',
    headers: cors.headers ?? 'any',
    methods: cors.methods ?? 'any',
    expose: cors.expose ?? [],
    maxAgeMs: cors['max-age'] ?? tenMinutes
  }
}

export function showCors(cors: CorsSettings | undefined): Shown | undefined {
  if (cors === undefined) return undefined
  const { maxAgeMs, ...rest } = cors
  return { ...rest, 'max-age': formatDuration(maxAgeMs) }
}
