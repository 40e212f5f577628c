// Reads counters from a gateway's /metrics as a scraper would.

/** The sum of all series of this name whose labels include these; 0 when there is none. */
export async function metric(
  adminUrl: string,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  let sum = 0
  for (const line of text.split('\n')) {
    const [series = '', value = ''] = line.split(/ (?=[^ ]+$)/)
    if (series !== name && !series.startsWith(`${name}{`)) continue
    if (wanted.every(label => series.includes(`{${label}`) || series.includes(`,${label}`)))
      sum += Number(value)
  }
  return sum
}
