// What it takes to write /metrics, while nothing else is served.
import { expose } from '../../src/report/exposition.ts'
import { createHistogram } from '../../src/report/series.ts'
import type { Numbers } from './numbers.ts'

const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const labels = ['route', 'method', 'status', 'upstream', 'service_tag', 'version']
const open = 'application/openmetrics-text'

/** Server and client histograms of so many routes, each with two statuses; milliseconds of a scrape. */
export function benchScrape(rounds: number): Numbers['scrape'] {
  return [50, 500, 1000].map(routes => {
    const families = ['server', 'client'].map(name => createHistogram(name, 'Time.', labels, bounds))
    for (const family of families)
      for (let route = 0; route < routes; route++)
        for (const status of ['200', '500'])
          family.observe([`/api/v1/route-${route}/{id}`, 'GET', status, 'orders', 'base', '1.8'], 0.02)
    const ms: number[] = []
    let bytes = 0
    for (let round = -3; round < rounds; round++) {
      const began = performance.now()
      bytes = expose(families, open).text.length
      if (round >= 0) ms.push(performance.now() - began)
    }
    return { routes, ms, mb: bytes / 1e6 }
  })
}
