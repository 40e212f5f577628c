// tracebridge translate: what trace headers become, without a server.
import { isIP } from 'node:net'
import { loadRules } from '../rules/load.ts'
import { randomIds } from '../trace/ids.ts'
import { translate as ask, type DryRun } from '../translate/translate.ts'
import type { Translation } from '../translate/translation.ts'
import type { Io } from './io.ts'
import { helpFlag, readFlags, refuse, refuseRules } from './usage.ts'

export const summary = 'show what trace headers are understood as, and what each upstream would receive'

export const help = `Usage: tracebridge translate [--rules PATH] [-H 'name: value']… [flags]

A dry run of the rules: what a request's trace headers are understood as, what is decided, and what each upstream
would receive. No server runs, nothing is sent.

  -H, --header 'name: value'   a header field of the request; repeat it for more
  --rules PATH                 a rule file or folder (default: the embedded demo)
  --method M                   default GET
  --path P                     default /
  --host H                     the Host of the request
  --from IP                    the caller's address, for trust (default 127.0.0.1)
  --json                       one JSON object for scripts
  -h, --help                   this text

Exit code: 0, or 2 when the rules or the flags are refused.

Example
  tracebridge translate -H 'b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1'
`

const flags = {
  header: { type: 'string', short: 'H', multiple: true },
  rules: { type: 'string' },
  method: { type: 'string', default: 'GET' },
  path: { type: 'string', default: '/' },
  host: { type: 'string' },
  from: { type: 'string', default: '127.0.0.1' },
  json: { type: 'boolean', default: false },
  ...helpFlag
} as const

export async function translate(argv: readonly string[], io: Io): Promise<number> {
  const parsed = readFlags(argv, flags, io, 'translate', help)
  if ('code' in parsed) return parsed.code
  const { values, positionals } = parsed
  if (positionals.length > 0) return refuse(io, 'translate', 'a header is given with -H')
  if (isIP(values.from) === 0) return refuse(io, 'translate', '--from expects an IP address')
  if (!values.path.startsWith('/')) return refuse(io, 'translate', '--path expects a path that begins with /')
  const headers = (values.header ?? []).map(fieldOf)
  if (!headers.every(field => field !== undefined)) {
    return refuse(io, 'translate', "--header expects 'name: value'")
  }
  const loaded = loadRules(values.rules, io.env, {})
  if ('complaints' in loaded) return refuseRules(io, loaded.complaints)
  const { method, path, host, from } = values
  const run = ask(loaded.rules, { method, path, host, from, headers }, randomIds)
  io.stdout(values.json ? `${JSON.stringify(run.translation, null, 2)}\n` : render(run))
  return 0
}

/** Name and value with blanks around them trimmed; undefined where there is no colon. */
function fieldOf(text: string): readonly [string, string] | undefined {
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  return [text.slice(0, colon).trim(), text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
}

function render({ translation, route, why, losses, relayed }: DryRun): string {
  const { received, decision, span, upstreams } = translation
  const lines = [`received   ${receivedLine(received)}`]
  if (received.kind !== 'none' && received.reason !== null) lines.push(`discarded  ${received.reason}`)
  for (const { dialect, traceId } of received.conflicts) {
    lines.push(`conflict   ${dialect} names another trace: ${traceId}`)
  }
  lines.push(
    `decision   trust ${decision.trust}, ${decision.sampled ? 'sampled' : 'not sampled'} (${decision.why})`,
    `span       ${span.traceId} ${span.spanId}`,
    `route      ${route ?? 'none: such a request is answered with 404'}`
  )
  lines.push('', 'why', ...why.map(sentence => `  - ${sentence}`))
  for (const [name, { set }] of Object.entries(upstreams)) {
    lines.push('', `upstream ${name} receives`)
    for (const [field, value] of set) lines.push(`  ${field}: ${value}`)
    if (set.length === 0) lines.push('  no trace header')
    const kept = relayed.length === 0 ? 'none' : `${relayed.join(', ')}, as it came, and no other`
    lines.push(`  and ${kept} of the caller's own trace headers`)
    for (const loss of losses.get(name) ?? []) lines.push(`  - ${loss}`)
  }
  return `${lines.join('\n')}\n`
}

function receivedLine({ kind, dialect, traceId, spanId, sampling, reason }: Translation['received']): string {
  if (kind === 'none') return `nothing to continue (${reason ?? 'absent'})`
  const ids = [traceId === null ? '' : `trace ${traceId}`, spanId === null ? '' : `parent ${spanId}`]
  return [`${dialect} ${kind}`, ...ids.filter(id => id !== ''), `sampling ${sampling}`].join(', ')
}
