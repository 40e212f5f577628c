// Times as people and scripts read them.

/** ISO 8601 of milliseconds since the Unix epoch. */
export function iso(ms: number): string {
  return new Date(ms).toISOString()
}
