// The command as people meet it: what it says when it runs, and what it says when it cannot.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Child, startChild, startServing } from '../child.ts'
import { valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { portFor } from '../served.ts'
import { until } from '../until.ts'

// A process each: they wait more than they work.
t.jobs = 2

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

async function ended(child: Child) {
  const code = await child.exited
  return { code, stdout: child.stdout(), stderr: child.stderr() }
}

async function takenPort(t: Test): Promise<number> {
  const server = createServer()
  const port = await portFor(server)
  t.teardown(() => server.close())
  return port
}

function ruleFile(t: Test, yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  writeFileSync(file, yaml)
  return file
}

t.test('with no rules it serves the demo, and prints the curl line to try', async t => {
  const { port, stdout, process, exited } = await startServing(t, [])
  const [, header = '', url = ''] = /^Try: curl -H '([^']+)' (\S+)$/m.exec(stdout()) ?? []
  t.equal(url, `http://127.0.0.1:${port}/hello`)
  const [name = '', value = ''] = header.split(': ')
  const answer = await ask(t, port, { path: '/hello', fields: [[name, value]] })
  const echoed = JSON.parse(answer.body.toString())
  t.match(echoed, {
    method: 'GET',
    url: '/hello',
    seen: { w3c: { traceId }, b3: { traceId }, b3multi: { traceId }, jaeger: { traceId } }
  })
  t.not(echoed.seen.w3c.spanId, value.split('-')[2], 'under a new parent')
  await until(
    () => stdout().includes(`"${traceId}"`),
    'its spans and its line in the access log are on stdout'
  )
  process.kill('SIGINT')
  t.equal(await exited, 0)
})

t.test('an upstream alone is enough', async t => {
  const origin = await startOrigin(t)
  const { port } = await startServing(t, ['--upstream', origin.url])
  const answer = await ask(t, port, {
    path: '/any/where?x',
    fields: [['b3', `${traceId}-00f067aa0ba902b7-1`]]
  })
  t.equal(answer.body.toString(), 'ok')
  t.equal(origin.last().start, 'GET /any/where?x HTTP/1.1')
  t.equal(
    valueIn(origin.last(), 'traceparent'),
    `00-${traceId}-00f067aa0ba902b7-01`,
    'with nobody to report to it stays out of the trace'
  )
})

t.test('no command is the command serve', async t => {
  const child = startChild(t, ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'])
  await until(() => child.stdout().includes('listens on'), 'it listens', 60_000)
  t.match(child.stdout(), /^tracebridge \d+\.\d+\.\d+ listens on http/)
})

t.test('a taken port says so in one line', async t => {
  const port = await takenPort(t)
  for (const [flag, other] of [
    ['listen', 'admin'],
    ['admin', 'listen']
  ]) {
    const args = ['serve', `--${flag}`, `127.0.0.1:${port}`, `--${other}`, '127.0.0.1:0']
    t.strictSame(await ended(startChild(t, args)), {
      code: 1,
      stdout: '',
      stderr: `tracebridge: 127.0.0.1:${port} is taken by another process; choose another with --${flag}\n`
    })
  }
})

t.test('broken rules are complained of all at once, each with its place', async t => {
  const file = ruleFile(
    t,
    `upstreams:
  a: { targets: [{ url: ftp://x }] }
routes:
  - { match: { path: /** }, upstream: b, emits: [w3c] }
sampling: { rate: 130% }
`
  )
  const { code, stdout, stderr } = await ended(startChild(t, ['serve', '--rules', file]))
  t.equal(code, 2)
  t.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  for (const line of lines) t.match(line, new RegExp(`^${file}:\\d+:\\d+ \\.\\S+ \\S`))
  t.strictSame(
    lines.map(line => line.split(' ', 2)[1]),
    ['.upstreams.a.targets[0].url', '.routes[0].upstream', '.routes[0].emits', '.sampling.rate']
  )
})

t.test('rules that are not there are a complaint, not a stack trace', async t => {
  const { code, stderr } = await ended(startChild(t, ['serve', '--rules', '/nowhere/rules.yaml']))
  t.equal(code, 2)
  t.match(stderr, /^\/nowhere\/rules\.yaml:1:1 /)
  t.notMatch(stderr, /\n\s+at /)
})

t.test('--help, --version and what it does not know', async t => {
  for (const [args, code, out] of [
    [['--help'], 0, /Usage: tracebridge COMMAND/],
    [['serve', '--help'], 0, /Usage: tracebridge serve/],
    [['gate'], 3, /--baseline expects/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['sreve'], 2, /expected one of serve, check, translate, smoke, gate, compare, replay, spans, echo/],
    [['serve', '--lisen', '1'], 2, /unknown flag --lisen, expected one of --rules/],
    [['serve', '--listen', 'nowhere'], 2, /\S/],
    [['serve', 'rules.yaml'], 2, /--rules/]
  ] as const) {
    const ran = await ended(startChild(t, args))
    t.equal(ran.code, code, args.join(' '))
    t.match(code === 0 ? ran.stdout : ran.stderr, out)
    t.equal(code === 0 ? ran.stderr : ran.stdout, '')
  }
})
