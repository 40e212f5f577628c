import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { replay } from '../../src/cli/replay.ts'
import { alone, yaml } from '../admin/alone.ts'
import { captureLike } from '../captured.ts'
import { holdClosedPort } from '../closed-port.ts'
import { serveFor } from '../served.ts'
import { run } from './run.ts'

const { trace_id: traceId, span_id: spanId } = captureLike()

t.test('the latest request of a trace is printed, others by their spans', async t => {
  const admin = await alone(t)
  admin.captures = [captureLike({ span_id: '00f067aa0ba902b8', path: '/latest' }), captureLike()]
  const latest = await run(replay, [traceId, '--admin', admin.url])
  t.equal(latest.code, 0)
  t.match(latest.stdout, `# 2 requests of this trace were captured; for others --span ${spanId}\n`)
  t.match(latest.stdout, "  -H 'Accept: */*' \\\n  'http://shop.example.com/latest?x=1'\n")
  const other = await run(replay, [traceId, '--admin', admin.url, '--span', spanId])
  t.match(other.stdout, '/orders/7?x=1')
  t.notMatch(other.stdout, 'for others')
  const elsewhere = await run(replay, [traceId, '--admin', admin.url, '--to', 'http://127.0.0.1:9'])
  t.match(elsewhere.stdout, "-H 'Host: shop.example.com'")
  t.match(elsewhere.stdout, "'http://127.0.0.1:9/latest?x=1'\n")
})

t.test('what was asked wrongly is said, with exit code 2', async t => {
  const admin = await alone(t)
  admin.captures = [captureLike({ host: '$(id)' })]
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /expects one trace id/],
    [['../metrics'], /expects one trace id/],
    [[traceId, traceId], /expects one trace id/],
    [[traceId, '--admin', 'localhost:9901'], /--admin expects/],
    [[traceId, '--to', 'http://a:1/path'], /--to expects/],
    [[traceId, '--to', 'http://user@a:1'], /--to expects/],
    [[traceId, '--nope'], /unknown flag --nope/],
    [['0'.repeat(31).concat('1'), '--admin', admin.url], /no request of this trace is captured/],
    [[traceId, '--admin', admin.url, '--span', '1'], /no request of that span/],
    [[traceId, '--admin', admin.url], /say where with --to/]
  ]
  for (const [argv, said] of cases) {
    const { code, stdout, stderr } = await run(replay, argv)
    t.equal(code, 2, argv.join(' '))
    t.match(stderr, said)
    t.equal(stdout, '')
  }
  t.equal((await run(replay, ['--help'])).code, 0)
})

t.test('the token comes from the flag or the environment', async t => {
  const admin = await alone(t, `admin: { token: open-sesame }\n${yaml}`)
  admin.captures = [captureLike()]
  const without = await run(replay, [traceId, '--admin', admin.url])
  t.match(without, { code: 2, stderr: /wants its token/ })
  t.equal((await run(replay, [traceId, '--admin', admin.url, '--token', 'open-sesame'])).code, 0)
  let printed = ''
  const io = {
    stdout: (text: string) => {
      printed += text
    },
    stderr: () => {},
    env: { TRACEBRIDGE_TOKEN: 'open-sesame' }
  }
  t.equal(await replay([traceId, '--admin', admin.url], io, new AbortController().signal), 0)
  t.match(printed, 'curl')
  t.notMatch(printed, 'open-sesame')
})

/** Something that is not an admin listener, answering so. */
async function stranger(t: Test, status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body))
  const port = await serveFor(t, server)
  return `http://127.0.0.1:${port}`
}

t.test('no admin listener is exit code 4, and nothing of a strange answer is printed', async t => {
  const closed = `http://127.0.0.1:${await holdClosedPort(t)}`
  t.match(await run(replay, [traceId, '--admin', closed]), { code: 4, stderr: /ECONNREFUSED/, stdout: '' })
  const evil = (differing: object) => JSON.stringify({ captures: [{ ...captureLike(), ...differing }] })
  for (const [status, body] of [
    [200, 'hello'],
    [500, ''],
    [200, '{"captures":[]}'],
    [200, evil({ method: 'GET\nid' })],
    [200, evil({ time: '\n id' })],
    [200, evil({ failure: '\nid' })],
    [200, evil({ path: '/\r\nid' })],
    [200, evil({ request: { headers: [['a\nid', 'b']] } })],
    [200, evil({ request: { headers: [['a', 'b\nid']] } })],
    [200, evil({ request: { headers: [], body: { base64: "';id;'", truncated: false, redacted: false } } })]
  ] as const) {
    const ran = await run(replay, [traceId, '--admin', await stranger(t, status, body)])
    t.match(ran, { code: 4, stdout: '' }, body)
  }
})
