// `tracebridge echo`: the demo upstream on its own.
import { once } from 'node:events'
import { createEcho } from '../echo/server.ts'
import { formatAddress, parseAddress } from '../rules/address.ts'
import type { Io } from './io.ts'
import { helpFlag, readFlags, refuse } from './usage.ts'

export const summary =
  'run the demo upstream, which answers with the headers it received and how a standard SDK reads them'

export const help = `tracebridge echo: ${summary}

Usage: tracebridge echo [--listen ADDR]

  --listen ADDR   where to listen (default 127.0.0.1:8081): HOST:PORT, [IPV6]:PORT, or PORT alone
                  for every interface; port 0 takes any free one
  -h, --help      this text

It answers every request with JSON: method, url, headers as they came on the wire, and in "seen"
the context that OpenTelemetry's propagators find in them for w3c, b3, b3multi and jaeger, or null.

  tracebridge echo &
  curl -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' http://127.0.0.1:8081/

Ends with 0 on SIGINT or SIGTERM; 2 for wrong usage or an address that cannot be had.
`

const options = { listen: { type: 'string', default: '127.0.0.1:8081' }, ...helpFlag } as const

/** Runs until `signal` fires. */
export async function echo(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  const flags = readFlags(argv, options, io, 'echo', help)
  if ('code' in flags) return flags.code
  if (flags.positionals.length > 0) return refuse(io, 'echo', 'takes no arguments, only --listen ADDR')
  const address = parseAddress(flags.values.listen)
  if (address === undefined) return refuse(io, 'echo', '--listen expects an address such as 127.0.0.1:8081')

  const server = await createEcho()
  let port: number
  try {
    port = (await server.listen(address.host, address.port)).port
  } catch (error) {
    io.stderr(`tracebridge echo: ${unavailable(formatAddress(address), error)}\n`)
    return 2
  }
  io.stdout(`echo listens on http://${formatAddress({ host: address.host, port })}\n`)
  if (!signal.aborted) await once(signal, 'abort')
  await server.close()
  return 0
}

function unavailable(address: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return `${address} is taken by another process`
  if (code === 'EACCES') return `${address} needs more rights: ports below 1024 are often reserved`
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host of ${address} is not known`
  return `cannot listen on ${address}: ${error instanceof Error ? error.message : String(error)}`
}
