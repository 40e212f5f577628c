import t from 'tap'
import type { Io } from '../../src/cli/io.ts'
import { helpFlag, overview, parseFlags, refuse } from '../../src/cli/usage.ts'

const options = {
  listen: { type: 'string' },
  header: { type: 'string', short: 'H', multiple: true },
  json: { type: 'boolean' },
  ...helpFlag
} as const

function complaint(...argv: string[]): string {
  const flags = parseFlags(argv, options)
  return 'complaint' in flags ? flags.complaint : 'none'
}

t.test('flags and positionals are read', async t => {
  const flags = parseFlags(['a', '--listen', ':1', '-H', 'b: 1', '--header=c: 2', '--json', 'd'], options)
  if ('complaint' in flags) throw new Error(flags.complaint)
  t.equal(flags.values.listen, ':1')
  t.same(flags.values.header, ['b: 1', 'c: 2'])
  t.equal(flags.values.json, true)
  t.same(flags.positionals, ['a', 'd'])
})

t.test('a complaint names the flag and what is expected', async t => {
  t.equal(complaint('--lisen'), 'unknown flag --lisen, expected one of --listen, --header, --json, --help')
  t.equal(complaint('-x'), 'unknown flag -x, expected one of --listen, --header, --json, --help')
  t.equal(complaint('--listen'), '--listen expects a value')
  t.equal(complaint('-H'), '--header expects a value')
  t.equal(complaint('--json=yes'), '--json takes no value')
  t.equal(
    complaint('--listen', '-y'),
    '--listen expects a value; one that begins with a dash is written --listen=-x'
  )
})

t.test('a refusal points to the help of its command, with exit code 2', async t => {
  let said = ''
  const io: Io = {
    stdout: text => t.fail(text),
    stderr: text => {
      said += text
    },
    env: {}
  }
  t.equal(refuse(io, 'echo', 'no'), 2)
  t.equal(said, 'tracebridge echo: no\nSee tracebridge echo --help\n')
  said = ''
  t.equal(refuse(io, '', 'unknown command'), 2)
  t.equal(said, 'tracebridge: unknown command\nSee tracebridge --help\n')
})

t.test('the overview lists every command with its summary, aligned, and shows curl', async t => {
  const text = overview(
    new Map([
      ['serve', 'the gateway'],
      ['translate', 'a dry run']
    ])
  )
  t.match(text, '  serve      the gateway\n  translate  a dry run\n')
  t.match(text, 'curl -H')
  t.ok(text.endsWith('\n') && !text.endsWith('\n\n'))
  t.ok(text.split('\n').every(line => line.length <= 110))
})
