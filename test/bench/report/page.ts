// README.md of this folder, made from the numbers alone. It measures nothing.

import { machineText } from '../machine.ts'
import type { Named, Numbers } from '../numbers.ts'
import { barsOf } from './bars.ts'
import { figure, formatFigure, table } from './figures.ts'
import { curveText, idleText, startTable } from './growth.ts'
import { costTables, latencyTable, peerTable, ratioTable, sentTable } from './peers.ts'

const met = { yes: 'met', stretch: 'met, the stretch too', no: '**not met**', unknown: 'unknown' }

export function barTable(numbers: Numbers): string {
  return table([
    ['what', 'bar', 'stretch', 'measured', ''],
    ...barsOf(numbers).map(bar => [bar.what, bar.bar, bar.stretch, bar.measured, met[bar.met]])
  ])
}

export function namedTable(head: readonly [string, string], rows: readonly Named[], digits: number): string {
  return table([head, ...rows.map(({ name, values }) => [name, formatFigure(figure(values), digits)])])
}

function spanTable({ spans }: Numbers): string {
  return table([
    ['exporter', 'record, ns a span', 'encode, ns a span', 'bytes', 'gzip'],
    ...spans.map(({ name, recordNs, encodeNs, bytes, packedBytes }) => [
      name,
      formatFigure(figure(recordNs), 0),
      formatFigure(figure(encodeNs), 0),
      bytes.toFixed(0),
      packedBytes.toFixed(0)
    ])
  ])
}

function scrapeTable({ scrape }: Numbers): string {
  return table([
    ['routes', 'ms', 'MB'],
    ...scrape.map(({ routes, ms, mb }) => [`${routes}`, formatFigure(figure(ms), 1), mb.toFixed(1)])
  ])
}

export function profileText({ profile }: Pick<Numbers, 'profile'>): string {
  if ('failed' in profile) return `Not taken: ${profile.failed}.`
  const { seconds, rooms, files, functions } = profile
  const shares = (what: string, of: typeof rooms) =>
    table([
      [what, 'share of CPU time'],
      ...of.filter(one => one.percent >= 0.5).map(({ name, percent }) => [name, `${percent.toFixed(1)} %`])
    ])
  return `The gateway with spans at 30 % under small GETs, ${seconds.toFixed(1)} s of its JavaScript thread without idling, by
\`node --cpu-prof\`. A share is what was spent there itself, without what it called.

${shares('room', rooms)}

${shares('file', files.slice(0, 15))}

${shares('function', functions.slice(0, 15))}`
}

export function reportText(numbers: Numbers): string {
  const { machine, heart, lookup, around } = numbers
  return `# Bench

Made by \`npm run bench -- --write\`, which takes a quarter of an hour and measures all of this anew; \`-- --draw\` makes this
page and the chart again from [numbers.json](numbers.json). Medians, with the least and the most of all rounds in brackets.

${machineText(machine)}
- contenders ${machine.pinned ? 'on one core, load and upstream on the other' : 'not pinned to a core: `taskset` and two cores are needed'}
- nginx, HAProxy and Caddy are those of the PATH (Debian: \`apt-get install nginx-light haproxy caddy\`)

## Numbers to meet

All by \`npm run bench\`; a gap is explained below, by where the time goes.

${barTable(numbers)}

![CPU time per request, and how it grows](chart.svg)

## Side by side

CPU time, user and system, of all threads and processes of a contender, over the requests that it served: what a request
costs, whatever load and upstream can do on the other core. Rounds are interleaved, so that what else the machine does
meets everyone, and each ratio is the median of those of the single rounds. All keep their connections on both sides,
speak HTTP/1.1, log no requests, and get the same bytes back, which the load counts. Requests a second are those of one
core at most.

Load and upstream ([load.ts](load.ts), [upstream.ts](upstream.ts)) work on bare connections. Together, with no proxy between
them, they take ${formatFigure(figure(around), 1)} µs of the other core for a small GET: who costs less than that waits for
them, and may cost less still where more is to be done at once.

- **bare pipe**: [pipe.ts](peers/pipe.ts), node:http to the gateway's own connections, without routes, limits, metrics or
  traces: the same engine, and nothing else
- **tracebridge, bare**: \`accept: []\`, \`emit: []\`, \`spans: none\`, the same engine without mediation
- the others accept w3c, b3 and jaeger and emit w3c and b3; spans go by OTLP to a collector on loopback; no access log
  ([settings.ts](settings.ts) has all rules)

${peerTable(numbers)}

${ratioTable(numbers)}

${costTables(numbers)}

### spans sent meanwhile

${sentTable(numbers)}

### times at ${numbers.latency.perSecond} requests a second

Some each millisecond, whatever the answers take; a time runs from when a request is sent.

${latencyTable(numbers)}

## Growth

The gateway with spans at 30 %.

${numbers.curves.map(curveText).join('\n\n')}

### idle connections

${idleText(numbers.idle)}

## Start and memory

From spawning the process to the first answered request; resident memory a second later, before any load. Under load:
the MiB of the tables above.

${startTable(numbers)}

## The heart

Reading the fields of a request, mediation, and the fields for one upstream; no sockets.

${namedTable(['in, w3c b3 jaeger out', 'ns a call'], heart, 0)}

## A lookup

${namedTable(['routes', 'ns a lookup'], lookup, 0)}

## A span

From the end of a request to bytes: making its two spans and putting them into the queue, then encoding them in batches
of 128; 4,000 requests of a shop's mix. Compressed as the gateway does it, off the event loop.

${spanTable(numbers)}

## A scrape

\`/metrics\` in OpenMetrics, two statuses for each route, while nothing else is served.

${scrapeTable(numbers)}

## Where the time goes

Made by \`npm run bench -- --profile\`, too.

${profileText(numbers)}

### What that says of the gaps

- **Beside its own bare setting.** Mediation alone is within the noise: the rows of mediation only and of spans at 0 % are
  a few hundredths beside bare. What is over the bar is spans, some 13 µs a request at 30 %, which is 0.6
  spans: making them and counting who called (src/report), encoding (src/exporters), gzip (node:zlib, whose work is another
  thread's, on the same core, and counted), their POST, and the garbage of all that. At 1 % it is one tenth of that, and lost in
  the noise of its row.
- **Beside the pipe.** The two writes to sockets, node:http, streams and most of the collection of garbage are the engine's, and
  the pipe's too. What the gateway adds without mediation is thin and wide: routes, limits, timeouts, header rules, metrics and
  the map are in src/proxy and src/report, where no function but the one that writes the header upstream has 2 %.
- **Beside nginx.** The engine alone, without a gateway on it, costs nearly twice what nginx does.
- **Beside Caddy** the same holds from the other side: of what it costs, the engine is half.
- **The heart and a span** are pure work, and go with the speed of the machine: the least of their rounds is what they cost when
  it is not shared, and nginx's row tells how this machine compares. Of the heart with three dialects, a fifth is the three patterns
  that decide whether bytes are a context at all, and more than a quarter the rest of reading.
- **The start** from the build is met; a checkout loads 340 files of TypeScript one by one.
- **Two workers** share memory and caches with load and upstream on two cores; there are no more of them here.

## Outage

\`npm run bench -- --outage\` keeps a steady load while the collector goes away and comes back; with \`--write\`
its numbers are kept in [outage.md](outage.md).
`
}
