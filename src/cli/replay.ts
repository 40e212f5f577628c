// `tracebridge replay`: a captured request as a curl command. It prints; it sends nothing to anybody but the admin listener.
import { Agent, request } from 'undici'
import { type Captured, parseCaptured } from './captured.ts'
import { curlOf } from './curl.ts'
import type { Io } from './io.ts'
import { helpFlag, readFlags, refuse } from './usage.ts'

export const summary = 'prints a failed or slow request that was captured as a curl command'

export const help = `tracebridge replay: ${summary}

Usage: tracebridge replay TRACE_ID [--span SPAN_ID] [--to URL] [--admin URL] [--token TOKEN]

  TRACE_ID         as the access log and back ends have it, 32 or 16 hexadecimal digits
  --span SPAN_ID   which request of that trace, where several were captured; the latest when left out
  --to URL         where to send it, such as http://127.0.0.1:9000; where the caller sent it when left out
  --admin URL      the admin listener of the gateway (default http://127.0.0.1:9901)
  --token TOKEN    its admin.token; better in the environment, as TRACEBRIDGE_TOKEN
  -h, --help       this text

The rules say what is captured, with capture; nothing is by default. Comment lines tell what is not in the
command: headers that nobody asked for, secrets, the rest of a long body. Read it before you run it.

  tracebridge replay 4bf92f3577b34da6a3ce929d0e0e4736
  tracebridge replay 4bf92f3577b34da6a3ce929d0e0e4736 --to http://127.0.0.1:9000 | sh

Exit code: 0 printed, 2 wrong usage or nothing captured, 4 the admin listener does not answer.
`

const options = {
  span: { type: 'string' },
  to: { type: 'string' },
  admin: { type: 'string', default: 'http://127.0.0.1:9901' },
  token: { type: 'string' },
  ...helpFlag
} as const

const traceIdPattern = /^(?:[0-9a-f]{16}){1,2}$/i
/** Milliseconds. */
const patience = 5_000
const longestAnswer = 64 * 1024 * 1024

export async function replay(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  const flags = readFlags(argv, options, io, 'replay', help)
  if ('code' in flags) return flags.code
  const { values, positionals } = flags
  const [traceId = '', ...rest] = positionals
  const admin = parseUrl(values.admin)
  const to = values.to === undefined ? undefined : parseUrl(values.to)
  if (!traceIdPattern.test(traceId) || rest.length > 0)
    return refuse(io, 'replay', 'expects one trace id, of 32 or 16 hexadecimal digits')
  if (admin === undefined) return refuse(io, 'replay', '--admin expects a URL such as http://127.0.0.1:9901')
  if (values.to !== undefined && to === undefined)
    return refuse(io, 'replay', '--to expects scheme, host and port, such as http://127.0.0.1:9000')
  const asked = await ask(admin, traceId, values.token ?? io.env['TRACEBRIDGE_TOKEN'], signal)
  if ('problem' in asked) {
    io.stderr(`tracebridge replay: ${asked.problem}\n`)
    return asked.code
  }
  const of = asked.captured.filter(({ span_id }) => values.span === undefined || span_id === values.span)
  const [captured] = of
  if (captured === undefined) return refuse(io, 'replay', 'no request of that span was captured')
  const command = curlOf(captured, to)
  if (command === undefined)
    return refuse(io, 'replay', 'the caller named no host that could be asked again: say where with --to')
  if (of.length > 1) {
    const others = of.slice(1, 9).map(({ span_id }) => span_id)
    io.stdout(`# ${of.length} requests of this trace were captured; for others --span ${others.join(', ')}\n`)
  }
  io.stdout(command)
  return 0
}

/** Scheme, host and port; no user, which would be shown. */
function parseUrl(text: string): URL | undefined {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null
  return url !== null &&
    url.username === '' &&
    url.password === '' &&
    url.pathname === '/' &&
    url.search === ''
    ? url
    : undefined
}

type Asked = { readonly captured: readonly Captured[] } | { readonly problem: string; readonly code: 2 | 4 }

async function ask(
  admin: URL,
  traceId: string,
  token: string | undefined,
  signal: AbortSignal
): Promise<Asked> {
  const dispatcher = new Agent({ connect: { timeout: patience }, maxResponseSize: longestAnswer })
  try {
    const answer = await request(`${admin.origin}/api/captures/${traceId.toLowerCase()}`, {
      dispatcher,
      signal,
      headersTimeout: patience,
      bodyTimeout: patience,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` }
    })
    const text = await answer.body.text()
    if (answer.statusCode === 404) return { problem: 'no request of this trace is captured', code: 2 }
    if (answer.statusCode === 401)
      return { problem: 'the admin listener wants its token: --token or TRACEBRIDGE_TOKEN', code: 2 }
    if (answer.statusCode === 403)
      return { problem: 'the admin listener refuses this host name: give its address with --admin', code: 2 }
    const captured = answer.statusCode === 200 ? parseCaptured(text) : undefined
    return captured === undefined
      ? { problem: `${admin.origin} answers, but not as an admin listener`, code: 4 }
      : { captured }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    return { problem: `no admin listener at ${admin.origin} (${code})`, code: 4 }
  } finally {
    await dispatcher.destroy()
  }
}
