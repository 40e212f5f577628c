import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  createWriteStream,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { spans } from '../../src/cli/spans.ts'
import { holdClosedPort } from '../closed-port.ts'
import { startReceiver } from '../receiver.ts'
import { until } from '../until.ts'

function folderFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

async function run(argv: readonly string[], stdin = '') {
  let stdout = ''
  let stderr = ''
  const code = await spans(
    argv,
    {
      stdout: text => {
        stdout += text
      },
      stderr: text => {
        stderr += text
      },
      env: {},
      writeStdout: (bytes, done) => {
        stdout += bytes
        done()
      },
      stdin: Readable.from([Buffer.from(stdin)])
    },
    new AbortController().signal
  )
  return { code, stdout, stderr }
}

function line(i: number): string {
  const trace = `f${i.toString(16).padStart(31, '0')}`
  return `10.0.0.1 - - [20/Nov/2026:11:30:00 +0000] "GET /orders/${i} HTTP/1.1" 200 1 "-" "-" request_time=0.1 http_traceparent=00-${trace}-b7ad6b7169203331-01`
}

function rulesFor(t: Test, url: string): string {
  const file = join(folderFor(t), 'rules.yaml')
  writeFileSync(
    file,
    `service: { name: old-nginx }
export: [{ otlp: { url: "${url}" } }]
upstreams: { shop: { targets: [{ url: "http://127.0.0.1:1" }] } }
routes: [{ match: { path: "/orders/{id}" }, upstream: shop }]
`
  )
  return file
}

t.test('--console is a dry run: spans on stdout, what came of the lines on stderr', async t => {
  const log = join(folderFor(t), 'access.log')
  writeFileSync(log, `${line(1)}\r\ngarbage\n\n${'x'.repeat(300_000)}\n${line(2)}`)
  const { code, stdout, stderr } = await run([log, '--format', 'nginx', '--console'])
  t.equal(code, 0)
  const printed = stdout
    .trimEnd()
    .split('\n')
    .map(each => JSON.parse(each))
  t.strictSame(
    printed.map(({ trace_id }) => trace_id),
    ['1', '2'].map(end => `f${end.padStart(31, '0')}`)
  )
  t.match(stderr, 'line 2: not of this format\nline 3: not of this format\nline 4: too long\n')
  t.match(stderr, '5 lines: 2 spans; bad: 3\nconsole: 2 exported\n')
})

t.test('a packed log of many lines arrives whole, in the service of the rules', async t => {
  const lines = 30_000
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const log = join(folderFor(t), 'access.log.gz')
  const gzip = createGzip({ level: 1 })
  const file = gzip.pipe(createWriteStream(log))
  for (let i = 0; i < lines; i++) gzip.write(`${line(i)}\n`)
  gzip.end()
  await finished(file)
  const { code, stderr } = await run([log, '--format', 'nginx', '--rules', rulesFor(t, receiver.url)])
  t.equal(code, 0, stderr)
  t.match(stderr, '30,000 lines: 30,000 spans\notlp: 30,000 exported\n')
  const seen = receiver.spans()
  t.equal(new Set(seen.map(({ traceId }) => traceId)).size, lines)
  const [first] = seen
  t.equal(first?.name, 'GET /orders/{id}')
  t.equal(first?.resource.get('service.name'), 'old-nginx')
})

t.test('standard input is read too', async t => {
  const { code, stdout } = await run(['-', '--format', 'nginx', '--console'], `${line(7)}\n`)
  t.equal(code, 0)
  t.match(stdout, /"name":"GET \/orders\/\{id\}"/)
})

t.test('a back end that takes nothing is a 4, and says how many spans were lost', async t => {
  const log = join(folderFor(t), 'access.log')
  writeFileSync(log, Array.from({ length: 20_000 }, (_, i) => line(i)).join('\n'))
  const rules = rulesFor(t, `http://127.0.0.1:${await holdClosedPort(t)}/v1/traces`)
  const { code, stderr } = await run([log, '--format', 'nginx', '--rules', rules, '--wait', '1s'])
  t.equal(code, 4)
  t.match(stderr, /otlp: 0 exported, [\d,]+ lost/)
})

/** The command in a process of its own, for what only real pipes and signals do. */
function start(t: Test, args: readonly string[], stdout: 'pipe' | number = 'pipe') {
  const command = fileURLToPath(new URL('../../bin/tracebridge', import.meta.url))
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(command, ['spans', ...args], { env, stdio: ['pipe', stdout, 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr?.on('data', chunk => {
    said += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({ code, stderr: said }))
  return { child, ended }
}

t.test('a reader that has seen enough ends it at once, and that is no failure', async t => {
  const log = join(folderFor(t), 'access.log')
  writeFileSync(log, Array.from({ length: 40_000 }, (_, i) => line(i)).join('\n'))
  const { child, ended } = start(t, [log, '--format', 'nginx', '--console'])
  child.stdout?.once('data', () => child.stdout?.destroy())
  const { code, stderr } = await ended
  t.equal(code, 0, stderr)
  t.match(stderr, 'stdout takes no more (EPIPE); the rest of the log was not read')
  t.notMatch(stderr, '40,000 lines')
})

const noFull = !existsSync('/dev/full') && 'no disk is always full on this machine'

t.test('a full disk behind stdout is a 4, though the log has not ended', { skip: noFull }, async t => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const { child, ended } = start(t, ['-', '--format', 'nginx', '--console'], full)
  child.stdin?.write(`${line(1)}\n`)
  const { code, stderr } = await ended
  t.equal(code, 4)
  t.match(stderr, 'stdout takes no more (ENOSPC)')
})

t.test('interrupted is a 130, and how many lines were read is said', async t => {
  const { child, ended } = start(t, ['-', '--format', 'nginx', '--console'])
  let printed = ''
  child.stdout?.on('data', chunk => {
    printed += chunk
  })
  child.stdin?.write(`${line(1)}\n${line(2)}\n`)
  // As long as a process may take to start on a busy machine.
  await until(() => printed.split('\n').length > 2, 'both are printed', 60_000)
  child.kill('SIGINT')
  const { code, stderr } = await ended
  t.equal(code, 130)
  t.match(stderr, '2 lines: 2 spans\nconsole: 2 exported\ntracebridge spans: interrupted')
})

t.test('what cannot even be looked at is said, and is a 2', async t => {
  const loop = join(folderFor(t), 'loop.log')
  symlinkSync(loop, loop)
  t.match(await run([loop, '--format', 'json', '--console']), { code: 2, stderr: /cannot be read \(ELOOP\)/ })
})

t.test('what is wrong with a call is said, and is a 2', async t => {
  for (const [argv, said] of [
    [[], 'expects one log to read'],
    [['a.log'], '--format expects one of alb, json, nginx'],
    [['a.log', '--format', 'json'], 'no exporter'],
    [['a.log', '--format', 'json', '--console', '--map', 'tid'], '--map expects FIELD=NAME'],
    [['a.log', '--format', 'json', '--console', '--map', 'tid=x'], '--map knows no field tid'],
    [['a.log', '--format', 'json', '--console', '--wait', 'long'], '--wait expects a time'],
    [['a.log', '--format', 'nginx', '--console', '--log-format', 'x'], '--log-format: expected a log_format'],
    [['no-such.log', '--format', 'json', '--console'], 'no-such.log cannot be read (ENOENT)']
  ] as const) {
    const { code, stderr } = await run(argv)
    t.equal(code, 2, said)
    t.match(stderr, said)
  }
  t.match(await run(['--help']), { code: 0, stdout: /Usage: tracebridge spans/ })
})
