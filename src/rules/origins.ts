// Which pages may read answers, by their Origin.
// https://www.rfc-editor.org/rfc/rfc6454#section-7

// One or more labels in place of the `*` of `https://*.example.com`.
const labels = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,30}$/

/** Makes the test; entries are exact origins, `https://*.example.com`, or `*`. */
export function createOrigins(origins: readonly string[]): (origin: string) => boolean {
  if (origins.includes('*')) return () => true
  const exact = new Set(origins.filter(origin => !origin.includes('*')))
  const wild = origins
    .filter(origin => origin.includes('*'))
    .map(origin => {
      const [before = '', after = ''] = origin.split('*', 2)
      return { before, after }
    })
  return origin =>
    exact.has(origin) ||
    wild.some(
      ({ before, after }) =>
        origin.length <= 300 &&
        origin.startsWith(before) &&
        origin.endsWith(after) &&
        labels.test(origin.slice(before.length, -after.length))
    )
}
