// `npm run bench`: the heart, spans, then the proxies. `-- --quick` takes less than a minute, `-- --write` keeps the numbers.
// `-- --outage` instead has a collector go away for a minute.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { benchHeart, heartTable } from './mediate.ts'
import { benchOutage, outageText } from './outage.ts'
import { pinned } from './processes.ts'
import { benchProxies, proxyTable } from './proxy.ts'
import { scrapeTable } from './scrape.ts'
import { benchSpans, spanTable } from './span.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, write: { type: 'boolean' }, outage: { type: 'boolean' } }
})
const heart = values.quick === true ? { rounds: 5, calls: 100_000 } : { rounds: 15, calls: 200_000 }
const proxies =
  values.quick === true
    ? { rounds: 3, requests: 8_000, connections: 32 }
    : { rounds: 11, requests: 20_000, connections: 32 }

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).stdout?.trim() ?? ''
}

const [cpu] = cpus()
const dirty = git('status', '--porcelain') === '' ? '' : ', with changes not committed'
const machine = [
  `- machine: ${cpus().length} cores, ${cpu?.model ?? 'unknown'}, Linux ${release()}`,
  `- node ${process.versions.node}, commit ${git('rev-parse', '--short', 'HEAD')}${dirty}`
].join('\n')
const setting = [
  machine,
  `- heart: ${heart.rounds} rounds of ${heart.calls} calls for each case`,
  `- proxies: ${proxies.rounds} interleaved rounds of ${proxies.requests} requests on ${proxies.connections} connections, after one to warm up`,
  `- contenders ${pinned ? 'on one core, load and upstream on another' : 'not pinned to a core'}; an answer of 100 bytes`,
  '- gateway: accepts w3c, b3 and jaeger, emits w3c and b3, OTLP to a collector on loopback, no access log'
].join('\n')

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

if (values.outage === true) {
  const outage = await benchOutage(
    values.quick === true ? { perSecond: 500, downMs: 10_000 } : { perSecond: 2000, downMs: 60_000 }
  )
  const text = outageText(outage)
  say(text)
  if (values.write === true)
    writeFileSync(
      new URL('outage.md', import.meta.url),
      `# Outage

Made by \`npm run bench -- --outage --write\`.

${machine}

${text}
`
    )
  process.exit(outage.checks.every(({ holds }) => holds) ? 0 : 1)
}

say(`${setting}\n`)
const heartText = heartTable(benchHeart(heart.rounds, heart.calls))
say(`${heartText}\n`)
const spanText = spanTable(benchSpans(heart.rounds, 4000))
say(`${spanText}\n`)
const scrapeText = scrapeTable(heart.rounds)
say(`${scrapeText}\n`)
const proxyText = proxyTable(await benchProxies(proxies))
say(proxyText)

if (values.write === true) {
  writeFileSync(
    new URL('README.md', import.meta.url),
    `# Bench

Made by \`npm run bench -- --write\`. Medians, with the least and the most of all rounds in brackets.

${setting}

## The heart

Reading the fields of a request, mediation, and the fields for one upstream; no sockets.

${heartText}

## A span

From the end of a request to bytes: making its two spans and putting them into the queue, then encoding them in batches
of 128; 4,000 requests of a shop's mix. Compressed as the gateway does it, off the event loop.

${spanText}

## A scrape

\`/metrics\` in OpenMetrics, two statuses for each route, while nothing else is served.

${scrapeText}

## CPU time per request

User and system time of all threads of the proxy's process, over the requests that it served. Times the pipe is
the median of the ratios of each round. The bare pipe is \`pipe.ts\`: node:http to undici's \`Pool.dispatch\`,
the engine that the gateway runs on.

${proxyText}

## Outage

\`npm run bench -- --outage\` keeps a steady load while the collector goes away and comes back; with \`--write\`
its numbers are kept in [outage.md](outage.md).
`
  )
}
