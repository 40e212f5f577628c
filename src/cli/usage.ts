// How commands read their flags and how they say what went wrong. It runs no command.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { type Complaint, formatComplaint } from '../rules/complaint.ts'
import type { Io } from './io.ts'

type Parsed<T extends ParseArgsOptionsConfig> = Pick<
  ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>>,
  'values' | 'positionals'
>

/** Every command has it. */
export const helpFlag = { help: { type: 'boolean', short: 'h' } } as const

/** The flags and positionals of a command, or in `complaint` what is wrong with them, naming the flag. */
export function parseFlags<const T extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: T
): Parsed<T> | { readonly complaint: string } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    return { complaint: reason(error, options) }
  }
}

/**
 * The same for a command that has only begun; or its exit code, where help was asked for and shown, or something is wrong
 * and was said.
 */
export function readFlags<const T extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: T,
  io: Io,
  command: string,
  help: string
): Parsed<T> | { readonly code: number } {
  const parsed = parseFlags(argv, options)
  if ('complaint' in parsed) return { code: refuse(io, command, parsed.complaint) }
  const values: object = parsed.values
  if (!('help' in values) || values.help !== true) return parsed
  io.stdout(help)
  return { code: 0 }
}

function reason(error: unknown, options: ParseArgsOptionsConfig): string {
  const { code, message } = error instanceof Error ? coded(error) : { code: '', message: String(error) }
  // node:util quotes the flag first: Unknown option '--lisen'. To specify …
  const flag = /'(-{1,2}[^' <]*)/.exec(message)?.[1]
  if (flag === undefined) return message
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const known = Object.keys(options).map(name => `--${name}`)
    return `unknown flag ${flag}, expected one of ${known.join(', ')}`
  }
  if (message.includes('does not take an argument')) return `${flag} takes no value`
  // Both `-H, --header` and `--header` are quoted; the long one is the one to name.
  const long = /--[a-z0-9-]+/.exec(message)?.[0] ?? flag
  return `${long} expects a value${message.includes('ambiguous') ? `; one that begins with a dash is written ${long}=-x` : ''}`
}

function coded(error: Error & { code?: unknown }): { code: string; message: string } {
  return { code: typeof error.code === 'string' ? error.code : '', message: error.message }
}

/** Says on stderr why a command cannot run, and where its help is; returns the exit code for wrong usage. */
export function refuse(io: Io, command: string, complaint: string): 2 {
  const name = command === '' ? 'tracebridge' : `tracebridge ${command}`
  io.stderr(`${name}: ${complaint}\nSee ${name} --help\n`)
  return 2
}

/** Says on stderr what is wrong with rules; returns the exit code for it. */
export function refuseRules(io: Io, complaints: readonly Complaint[]): 2 {
  for (const complaint of complaints) io.stderr(`${formatComplaint(complaint)}\n`)
  return 2
}

/** `tracebridge --help`, given each command's one-line summary in the order to show them. */
export function overview(summaries: ReadonlyMap<string, string>): string {
  const width = Math.max(...[...summaries.keys()].map(name => name.length))
  const lines = [...summaries].map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`)
  return `tracebridge: a reverse proxy that makes broken traces whole

Usage: tracebridge COMMAND [FLAGS]
       tracebridge [FLAGS]              the same as tracebridge serve

Commands
${lines.join('\n')}

Flags
  -h, --help   this text; after a command, that command's
  --version    the version

Examples
  Start the gateway with its demo upstream, and send it a trace as a browser would:
    tracebridge serve
    curl -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' http://127.0.0.1:8080/

  Put the gateway in front of a service, and a trace in the service's old dialect through it:
    tracebridge serve --upstream http://127.0.0.1:9000 --listen 127.0.0.1:8080
    curl -H 'b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1' http://127.0.0.1:8080/

  Prove that a running gateway continues every trace:
    tracebridge echo --listen 127.0.0.1:9000
    tracebridge smoke http://127.0.0.1:8080/
`
}
