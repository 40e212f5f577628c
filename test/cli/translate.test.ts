import { join } from 'node:path'
import t, { type Test } from 'tap'
import { help, summary, translate } from '../../src/cli/translate.ts'
import { folderOf } from '../rules/rule-files.ts'
import { type Ran, run } from './run.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const traceparent = `traceparent: 00-${traceId}-${spanId}-01`

function ran(...argv: readonly string[]): Promise<Ran> {
  return run(translate, argv)
}

function ruleFile(t: Test, text: string): string {
  return join(folderOf(t, { 'rules.yaml': text }), 'rules.yaml')
}

const yaml = `
export: [{ console: {} }]
trust: [{ from: loopback, context: continue }, { from: any, context: restart }]
upstreams: { orders: { targets: [{ url: http://127.0.0.1:9 }], emit: [jaeger] } }
routes:
  - { name: get, match: { path: /orders, method: GET, host: shop }, upstream: orders }
  - { name: post, match: { path: /orders, method: POST }, upstream: orders }
`

t.test('--json prints the one object of the contract, and nothing else', async t => {
  const { code, stdout, stderr } = await ran('--json', '-H', traceparent)
  t.equal(code, 0)
  t.equal(stderr, '')
  const printed = JSON.parse(stdout)
  t.strictSame(Object.keys(printed), ['received', 'decision', 'span', 'upstreams'])
  t.match(printed, {
    received: { dialect: 'w3c', kind: 'context', traceId, spanId, parentId: null, sampling: 'keep' },
    decision: { trust: 'continue', sampled: true, why: 'parent' },
    span: { traceId }
  })
  const [upstream] = Object.values<{ set: [string, string][] }>(printed.upstreams)
  t.match(upstream?.set[0], ['traceparent', new RegExp(`^00-${traceId}-(?!${spanId})[0-9a-f]{16}-01$`)])
})

t.test('people read what came, what is decided and what goes on', async t => {
  const { code, stdout } = await ran('-H', traceparent)
  t.equal(code, 0)
  t.match(stdout, `received   w3c context, trace ${traceId}, parent ${spanId}, sampling keep\n`)
  t.match(stdout, 'decision   trust continue, sampled (parent)\n')
  t.match(stdout, /\nupstream \S+ receives\n {2}traceparent: 00-/)
  t.match(stdout, '\nwhy\n  - w3c is followed: it alone has a whole context\n')
  t.match(stdout, '\n  - sampled: the caller said "keep", and is followed')
  t.match(stdout, "\n  - w3c loses the parent's own parent")
})

t.test('people read what was garbled and what disagrees', async t => {
  const other = 'c'.repeat(32)
  const { stdout } = await ran('-H', traceparent, '-H', `b3: ${other}-${spanId}-1`, '-H', 'uber-trace-id: x')
  t.match(stdout, 'discarded  jaeger: field-count\n')
  t.match(stdout, `conflict   b3 names another trace: ${other}\n`)
  t.match((await ran('-H', 'traceparent: x')).stdout, 'received   nothing to continue (bad-version)\n')
  t.match((await ran()).stdout, 'received   nothing to continue (absent)\n')
})

t.test('people read what of the caller goes on as it came, and from whom it does not', async t => {
  const payload = { ty: 'App', ac: '33', ap: '1', id: spanId, tr: traceId, ti: 1518469636035 }
  const value = Buffer.from(JSON.stringify({ v: [0, 1], d: payload })).toString('base64')
  const { stdout } = await ran('-H', `NewRelic: ${value}`)
  t.match(stdout, `newrelic context, trace ${traceId}, parent ${spanId}`)
  t.match(stdout, "and newrelic, as it came, and no other of the caller's own trace headers")
  const stranger = await ran('--from', '203.0.113.9', '-H', `NewRelic: ${value}`)
  t.match(stranger.stdout, "and none of the caller's own trace headers")
  const json = JSON.parse((await ran('--json', '--from', '203.0.113.9', '-H', `NewRelic: ${value}`)).stdout)
  const [upstream] = Object.values<{ strip: string[] }>(json.upstreams)
  t.ok(upstream?.strip.includes('newrelic'))
})

t.test('flags say what request it would be', async t => {
  const rules = ruleFile(t, yaml)
  const route = async (...argv: readonly string[]) => {
    const { stdout } = await ran('--rules', rules, ...argv)
    return /^route +(.*)$/m.exec(stdout)?.[1]
  }
  t.equal(await route('--path', '/orders?a=b', '--host', 'shop:8080'), 'get')
  t.equal(await route('--path', '/orders', '--method', 'POST'), 'post')
  t.equal(await route('--path', '/nowhere'), 'none: such a request is answered with 404')
})

t.test('--from is whom the rules believe or not', async t => {
  const argv = [
    '--rules',
    ruleFile(t, yaml),
    '--path',
    '/orders',
    '--method',
    'POST',
    '-H',
    traceparent,
    '--json'
  ]
  const trusted = JSON.parse((await ran(...argv, '--from', '127.0.0.1')).stdout)
  t.match(trusted, { decision: { trust: 'continue' }, span: { traceId } })
  const stranger = JSON.parse((await ran(...argv, '--from', '2001:db8::1')).stdout)
  t.equal(stranger.decision.trust, 'restart')
  t.not(stranger.span.traceId, traceId)
})

t.test('broken rules: every complaint on a line, exit code 2, nothing on stdout', async t => {
  const rules = ruleFile(t, `${yaml}colour: blue\nsampling: { rate: 300% }\n`)
  const { code, stdout, stderr } = await ran('--rules', rules)
  t.equal(code, 2)
  t.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  t.equal(lines.length, 2)
  for (const line of lines) t.ok(line.startsWith(`${rules}:`), line)
  t.match(lines[0], /:\d+:\d+ \.colour /)
})

t.test('rules that cannot be read are a complaint too', async t => {
  const { code, stderr } = await ran('--rules', join(folderOf(t, {}), 'nothing.yaml'))
  t.equal(code, 2)
  t.match(stderr, /nothing\.yaml:/)
})

t.test('wrong usage is said with the flag, and points to the help', async t => {
  for (const [argv, said] of [
    [['-H', 'traceparent'], '--header'],
    [['-H', ': x'], '--header'],
    [['--header'], '--header'],
    [['--from', 'nobody'], '--from'],
    [['--path', 'orders'], '--path'],
    [['--colour', 'blue'], '--colour'],
    [['traceparent: x'], '-H'],
    [['--json=yes'], '--json']
  ] as const) {
    const { code, stdout, stderr } = await ran(...argv)
    t.equal(code, 2, argv.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^tracebridge translate: .*\nSee tracebridge translate --help\n$/, argv.join(' '))
    t.match(stderr, said)
  }
})

t.test('--help is for people, wherever it stands, and names every flag', async t => {
  t.same(await ran('--help'), { code: 0, stdout: help, stderr: '' })
  t.same(await ran('--from', 'nobody', '-h'), { code: 0, stdout: help, stderr: '' })
  for (const flag of ['--rules', '--method', '--path', '--host', '--from', '--json', '--header', '--help']) {
    t.match(help, flag)
  }
  t.match(help, /Exit code/)
  t.match(summary, /^[a-z].*[^.]$/)
})
