// `tracebridge smoke`: proof, by OpenTelemetry's propagators and not by our codecs, that traces continue.
import { Agent } from 'undici'
import { loadPropagators, type Witnessed, witnessed } from '../echo/propagators.ts'
import { parseDuration } from '../rules/values.ts'
import type { Io } from './io.ts'
import { judge, type Trip } from './smoke-judge.ts'
import { smokeText } from './smoke-text.ts'
import { type TripSettings, travel } from './smoke-trip.ts'
import { helpFlag, readFlags, refuse } from './usage.ts'

export const summary = 'send traces through a running gateway to an echo, and judge that each one continued'

export const help = `tracebridge smoke: ${summary}

Usage: tracebridge smoke URL [--dialects w3c,b3,b3multi,jaeger] [--timeout 5s] [--json]

  URL               a running gateway whose upstream for it is an echo (\`tracebridge echo\`, or echo: true)
  --dialects LIST   the dialects to send, separated by commas (default w3c,b3,b3multi,jaeger)
  --timeout TIME    how long one answer may take: 250ms, 5s, 1m (default 5s)
  --json            one JSON object instead of the table
  -h, --help        this text

For each dialect it sends a sampled trace and one that is not, made by OpenTelemetry's propagators, and reads
the headers that the echo received with the same propagators. A pair of dialects is whole when the trace id
that went in came out. Every caller must get all the dialects that any caller gets, since a gateway
hands its upstream the same dialects whatever the caller speaks.

  tracebridge echo --listen 127.0.0.1:9000 &
  tracebridge serve --upstream http://127.0.0.1:9000 --listen 127.0.0.1:8080 &
  tracebridge smoke http://127.0.0.1:8080/

Exit code: 0 all whole, 1 broken, 2 wrong usage, 4 no gateway or no echo behind it.
`

const options = {
  dialects: { type: 'string', default: witnessed.join(',') },
  timeout: { type: 'string', default: '5s' },
  json: { type: 'boolean', default: false },
  ...helpFlag
} as const

/** Sends the requests one after another and stops at the first that no echo answers. */
export async function smoke(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  const flags = readFlags(argv, options, io, 'smoke', help)
  if ('code' in flags) return flags.code
  const [target, ...rest] = flags.positionals
  const url = target === undefined ? undefined : parseUrl(target)
  const dialects = parseDialects(flags.values.dialects)
  const timeoutMs = parseDuration(flags.values.timeout)
  if (target === undefined || rest.length > 0)
    return refuse(io, 'smoke', 'expects one URL, that of the gateway')
  if (url === undefined)
    return refuse(io, 'smoke', 'URL expects http:// or https://, such as http://127.0.0.1:8080/')
  if (dialects === undefined) return refuse(io, 'smoke', `--dialects expects some of ${witnessed.join(',')}`)
  if (timeoutMs === undefined || timeoutMs === 0)
    return refuse(io, 'smoke', '--timeout expects a time such as 250ms, 5s or 1m')

  const propagators = await loadPropagators()
  const dispatcher = new Agent({ connect: { timeout: timeoutMs } })
  const settings: TripSettings = { url, timeoutMs, dispatcher, signal }
  const trips: Trip[] = []
  try {
    for (const dialect of dialects) {
      for (const sampled of [true, false]) {
        const result = await travel(dialect, propagators[dialect], sampled, settings)
        if ('unreachable' in result) return unreachable(io, url, result.unreachable, flags.values.json)
        trips.push(result.trip)
      }
    }
  } finally {
    await dispatcher.destroy()
  }
  const judgement = judge(trips, propagators)
  io.stdout(
    flags.values.json
      ? json({ url: url.href, verdict: judgement.whole ? 'whole' : 'broken', ...judgement })
      : smokeText(url.href, judgement)
  )
  return judgement.whole ? 0 : 1
}

function unreachable(io: Io, url: URL, reason: string, asJson: boolean): 4 {
  if (asJson) io.stdout(json({ url: url.href, verdict: 'unreachable', whole: false, reason }))
  else io.stderr(`tracebridge smoke: ${reason}\n`)
  return 4
}

function json(value: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function parseUrl(text: string): URL | undefined {
  // `new URL` would read the host of `localhost:8080` as a scheme.
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  return new URL(text)
}

function parseDialects(text: string): readonly Witnessed[] | undefined {
  const asked = new Set(text.split(',').map(name => name.trim()))
  const known = witnessed.filter(name => asked.has(name))
  return known.length === asked.size ? known : undefined
}
