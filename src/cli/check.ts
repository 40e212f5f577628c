// `tracebridge check`: says whether rules may run, what is wrong with them, and what they lose.
import { loadRules } from '../rules/load.ts'
import { printRules } from '../rules/print.ts'
import { warningsOf } from '../rules/warnings.ts'
import type { Io } from './io.ts'
import { helpFlag, readFlags, refuse, refuseRules } from './usage.ts'

export const summary = 'validates rules, shows them with every default, and warns of what they lose'

export const help = `tracebridge check: ${summary}

Usage: tracebridge check PATH… [--print]

  PATH         a rule file, or a folder whose .yaml files are merged in name order;
               several are checked one by one
  --print      writes the rules as they would run, every default filled in, secrets left out
  -h, --help   this text

Everything that is wrong comes at once, on stderr, as file:line:column path message:

  rules/edge.yaml:12:5 .routes[0].emits unknown key, expected one of …; did you mean emit?

Warnings are about rules that work, but lose something: a dialect that cannot say what another
can, a span that nobody will find. They do not change the exit code.

  tracebridge check rules/edge.yaml
  tracebridge check --print rules/edge.yaml > effective.yaml

Ends with 0 when all rules may run, 2 when any may not.
`

const options = { print: { type: 'boolean' }, ...helpFlag } as const

/** Checks each path; loads exactly as `serve` would. */
export async function check(argv: readonly string[], io: Io): Promise<number> {
  const flags = readFlags(argv, options, io, 'check', help)
  if ('code' in flags) return flags.code
  if (flags.positionals.length === 0) return refuse(io, 'check', 'expects a rule file or folder to check')
  const codes = flags.positionals.map(path => checkOne(path, flags.values.print === true, io))
  return Math.max(...codes)
}

function checkOne(path: string, print: boolean, io: Io): number {
  const loaded = loadRules(path, io.env)
  if ('complaints' in loaded) {
    const code = refuseRules(io, loaded.complaints)
    io.stderr(`${path}: refused, ${counted(loaded.complaints.length, 'complaint')}\n`)
    return code
  }
  for (const warning of warningsOf(loaded)) io.stderr(`warning: ${path}: ${warning}\n`)
  const { routes, upstreams } = loaded.rules
  const verdict = `${path}: ok, ${counted(routes.length, 'route')}, ${counted(upstreams.size, 'upstream')}\n`
  // What is printed is a rule file; the verdict stays a comment in it.
  io.stdout(print ? `# ${verdict}${printRules(loaded.rules)}` : verdict)
  return 0
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
