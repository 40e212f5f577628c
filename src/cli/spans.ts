// `tracebridge spans`: the log of a gateway that cannot be instrumented, as spans in the back end.
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { logFormats } from '../logs/find.ts'
import { isField, names } from '../logs/format.ts'
import { linesOf } from '../logs/lines.ts'
import { createTeller, type Told } from '../logs/spans.ts'
import { createLog } from '../report/log.ts'
import { createPipelines, type Pipelines, resourceOf } from '../report/pipelines.ts'
import { loadRules } from '../rules/load.ts'
import type { ExporterSettings } from '../rules/rules.ts'
import { parseDuration } from '../rules/values.ts'
import type { SpansIo } from './io.ts'
import { codeOf, createEnd, type End, reasonOf } from './spans-end.ts'
import { createTally, type Tally } from './spans-tally.ts'
import { helpFlag, readFlags, refuse, refuseRules } from './usage.ts'

export const summary = 'turns access-log lines that carry trace context into spans, and exports them'

export const help = `tracebridge spans: ${summary}

Usage: tracebridge spans LOG --format nginx|alb|json [--rules PATH] [--console]
                         [--log-format TEXT] [--map FIELD=NAME]… [--wait TIME]

  LOG                a file of any size, gunzipped where it ends in .gz; - for standard input
  --format FORMAT    nginx: combined with name=value pairs behind it, or what --log-format says;
                     alb: an AWS Application Load Balancer; json: one object a line
  --rules PATH       whose exporters get the spans, whose service they are of, whose routes name them
  --console          a dry run: spans to stdout, none to the exporters
  --log-format TEXT  the log_format of nginx.conf, quoted as it stands there
  --map FIELD=NAME   what the log calls a field, where it is not found by itself; may be repeated.
                     Fields: ${names.slice(0, 11).join(', ')},
                     ${names.slice(11).join(', ')},
                     and header.traceparent, header.b3, header.sw8 … for a header that was logged.
                     duration is in seconds where it has no unit, duration_ms in milliseconds
  --wait TIME        how long the back end may take nothing, before it is given up (default 30s)
  -h, --help         this text

A line becomes a server span: of the trace that its trace headers name, below the caller's span, or of
its trace_id, as its span_id where it has one. Lines of traces that are not kept are left out. Lines that
cannot be read are reported by number, and the rest goes on. The same line gives the same span each time.

  tracebridge spans access.log --format nginx --console \\
    --log-format '$remote_addr [$time_local] "$request" $status $request_time $http_traceparent'
  tracebridge spans alb.log.gz --format alb --rules rules/edge.yaml

Ends with 0 when the log was read to its end and its spans are exported, or when whoever reads --console
has seen enough, as head does; 2 for wrong usage, rules or files; 4 when a back end does not take the spans,
or stdout takes no more; 130 when it was interrupted: it says how many lines were read, and exports those.
`

const flags = {
  format: { type: 'string' },
  rules: { type: 'string' },
  console: { type: 'boolean' },
  'log-format': { type: 'string' },
  map: { type: 'string', multiple: true },
  wait: { type: 'string', default: '30s' },
  ...helpFlag
} as const

/** Waiting spans beyond which no more are read: well below what a pipeline holds. */
const mostQueued = 4_000

export async function spans(argv: readonly string[], io: SpansIo, signal: AbortSignal): Promise<number> {
  const parsed = readFlags(argv, flags, io, 'spans', help)
  if ('code' in parsed) return parsed.code
  const { values, positionals } = parsed
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) return refuse(io, 'spans', 'expects one log to read')
  const format = logFormats.get(values.format ?? '')
  if (format === undefined)
    return refuse(io, 'spans', `--format expects one of ${[...logFormats.keys()].join(', ')}`)
  const take = format.reader(values['log-format'])
  if (typeof take !== 'function') return refuse(io, 'spans', `--log-format: ${take.complaint}`)
  const map = mapOf(values.map ?? [])
  if (typeof map === 'string') return refuse(io, 'spans', map)
  const wait = parseDuration(values.wait)
  if (wait === undefined) return refuse(io, 'spans', '--wait expects a time such as 30s or 5m')
  const loaded = loadRules(values.rules, io.env)
  if ('complaints' in loaded) return refuseRules(io, loaded.complaints)
  const { rules } = loaded
  const exporters: readonly ExporterSettings[] =
    values.console === true
      ? [{ kind: 'console', name: 'console' }]
      : values.rules === undefined
        ? []
        : rules.exporters
  if (exporters.length === 0) {
    return refuse(
      io,
      'spans',
      'no exporter: name rules that have some with --rules, or see the spans with --console'
    )
  }
  const log = createLog({ level: 'warn', write: io.stderr })
  const end = createEnd(signal)
  const stdout = end.watched(io.writeStdout)
  const pipelines = createPipelines(exporters, resourceOf(rules), { stdout, log })
  const tally = createTally(io.stderr, sizeOf(path))
  const tell = createTeller({ take, map, find: values.rules === undefined ? () => undefined : rules.find })
  return readAll(path, tell, { pipelines, tally, io, wait, end })
}

type Reading = {
  readonly pipelines: Pipelines
  readonly tally: Tally
  readonly io: SpansIo
  /** Milliseconds. */
  readonly wait: number
  readonly end: End
}

async function readAll(path: string, tell: (line: string) => Told, reading: Reading): Promise<number> {
  const { pipelines, tally, io, end } = reading
  let stuck = false
  try {
    for await (const { number, text, bytes } of linesOf(path, io.stdin, end.signal)) {
      const told: Told = text === undefined ? { bad: 'too long' } : tell(text)
      tally.line(number, bytes, told)
      if ('span' in told) pipelines.record([told.span], false)
      if (number % 64 === 0 && queued(pipelines) > mostQueued) stuck = !(await room(reading, mostQueued / 2))
      if (stuck || end.signal.aborted) break
    }
  } catch (error) {
    if (!end.signal.aborted) {
      await pipelines.close()
      io.stderr(`tracebridge spans: ${path} cannot be read (${reasonOf(error)})\n`)
      return 2
    }
  }
  stuck ||= !(await room(reading, 0))
  await pipelines.close(stuck || end.failed() !== undefined ? 0 : undefined)
  const whole = tally.end(pipelines.counts())
  return codeOf(end, whole, io.stderr)
}

function queued(pipelines: Pipelines): number {
  return Math.max(0, ...[...pipelines.counts().values()].map(counts => counts.queued))
}

/** Waits until no more than `most` wait; false when nothing moved for too long. */
async function room({ pipelines, wait, end: { signal } }: Reading, most: number): Promise<boolean> {
  let since = performance.now()
  let before = queued(pipelines)
  while (before > most && !signal.aborted) {
    await sleep(20)
    const now = queued(pipelines)
    if (now < before) since = performance.now()
    before = now
    if (performance.now() - since > wait) return false
  }
  return true
}

/** Fields by what the log calls them; text is what is wrong. */
function mapOf(given: readonly string[]): ReadonlyMap<string, string> | string {
  const map = new Map<string, string>()
  for (const one of given) {
    const equals = one.indexOf('=')
    const field = equals === -1 ? one : one.slice(0, equals)
    if (equals < 1 || equals === one.length - 1)
      return `--map expects FIELD=NAME, such as trace_id=tid; it was ${one}`
    if (!isField(field))
      return `--map knows no field ${field}: expected one of ${names.join(', ')} or header.NAME`
    map.set(field, one.slice(equals + 1))
  }
  return map
}

/** Undefined for what has none, or cannot be asked: whoever opens it says why. */
function sizeOf(path: string): number | undefined {
  if (path === '-') return undefined
  try {
    return statSync(path).size
  } catch {
    return undefined
  }
}
