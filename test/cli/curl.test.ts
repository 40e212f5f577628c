// The printed command is run by a real shell and a real curl: what arrives is what was captured, byte for byte.
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Captured } from '../../src/cli/captured.ts'
import { curlOf } from '../../src/cli/curl.ts'
import { valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { sh } from '../sh.ts'

const noCurl = spawnSync('curl', ['--version']).status !== 0 && 'there is no curl on this machine'

function capturedOf(differing: Partial<Captured> = {}): Captured {
  return {
    time: '2026-01-02T03:04:05.006Z',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    span_id: '00f067aa0ba902b7',
    why: 'error',
    method: 'GET',
    scheme: 'http',
    host: 'shop.example.com',
    path: '/orders/7',
    query: '',
    query_redacted: false,
    status: 503,
    duration_ms: 12.5,
    request: { headers: [] },
    ...differing
  }
}

function bodyOf(bytes: Buffer | string) {
  const value = typeof bytes === 'string' ? { text: bytes } : { base64: bytes.toString('base64') }
  return { ...value, truncated: false, redacted: false }
}

/** What reached an upstream of a command for this request. */
async function sent(t: Test, differing: Partial<Captured>) {
  const origin = await startOrigin(t)
  await sh(curlOf(capturedOf(differing), new URL(origin.url)) ?? 'false')
  return origin.last()
}

t.test('a plain request is a plain command', async t => {
  const captured = capturedOf({
    method: 'POST',
    query: 'x=1',
    request: { headers: [['Content-Type', 'application/json']], body: bodyOf('{"it\'s":1}') }
  })
  t.equal(
    curlOf(captured, undefined),
    `# 2026-01-02T03:04:05.006Z, trace 4bf92f3577b34da6a3ce929d0e0e4736, span 00f067aa0ba902b7
# POST ended with 503 (error) after 12.5 ms
# Only the headers that capture.headers names were kept.
curl -sS -i \\
  -X 'POST' \\
  -H 'Content-Type: application/json' \\
  --data-raw '{"it'\\''s":1}' \\
  'http://shop.example.com/orders/7?x=1'
`
  )
})

t.test('what was redacted, cut or left out is said', async t => {
  const text = curlOf(
    capturedOf({
      failure: 'UPSTREAM_RESET',
      query_redacted: true,
      request: {
        headers: [['Authorization', 'REDACTED']],
        body: { text: 'a', truncated: true, redacted: true }
      }
    }),
    undefined
  )
  t.match(text, '# Put the secrets back, they are REDACTED in: the query, Authorization, the body\n')
  t.match(text, '# The body is cut: only its first bytes are here.\n')
  t.match(text, 'ended with 503 UPSTREAM_RESET (error)')
  const encoded = { encoded: true, truncated: false, redacted: false } as const
  t.match(curlOf(capturedOf({ request: { headers: [], body: encoded } }), undefined), 'was compressed')
})

t.test('a host that is none is not asked', async t => {
  for (const host of ['', 'a b', '$(id)', 'user@evil.example', 'a/../b', "a'b", 'a:99999999', '-x y']) {
    t.equal(curlOf(capturedOf({ host }), undefined), undefined, host)
    t.match(curlOf(capturedOf({ host }), new URL('http://127.0.0.1:9')), "'http://127.0.0.1:9/orders/7'")
  }
  t.match(
    curlOf(capturedOf({ host: '[::1]:8080' }), undefined),
    "--globoff \\\n  'http://[::1]:8080/orders/7'"
  )
})

t.test('curl sends what was captured', { skip: noCurl }, async t => {
  const message = await sent(t, {
    method: 'PUT',
    path: '/a/../b/%2e/{x}[1-3]#f',
    query: "q='$(id)`id`\\",
    request: {
      headers: [
        ['X-Tenant', "a'b $HOME `id` \\"],
        ['x-latin', 'caf\xe9\t\x80'],
        ['X-Empty', ''],
        ['Content-Type', 'text/plain']
      ],
      body: bodyOf('@/etc/passwd')
    }
  })
  t.equal(message.start, "PUT /a/../b/%2e/{x}[1-3]#f?q='$(id)`id`\\ HTTP/1.1")
  t.equal(valueIn(message, 'host'), 'shop.example.com')
  t.equal(valueIn(message, 'x-tenant'), "a'b $HOME `id` \\")
  t.equal(valueIn(message, 'x-latin'), 'caf\xe9\t\x80')
  t.equal(valueIn(message, 'x-empty'), '')
  t.equal(message.body.toString(), '@/etc/passwd')
})

t.test('a body without a type gets none from curl', { skip: noCurl }, async t => {
  const message = await sent(t, { method: 'POST', request: { headers: [], body: bodyOf('a=1') } })
  t.equal(valueIn(message, 'content-type'), undefined)
})

t.test('a HEAD does not wait for a body', { skip: noCurl }, async t => {
  t.match((await sent(t, { method: 'HEAD' })).start, 'HEAD /orders/7')
})

t.test('hostile bytes arrive as they were, and do nothing on the way', { skip: noCurl }, async t => {
  const origin = await startOrigin(t)
  const to = new URL(origin.url)
  const latin1 = (least: number, maxLength: number) =>
    fc
      .array(
        fc.integer({ min: least, max: 255 }).filter(code => code !== 127 && (code < 127 || code > 127)),
        { maxLength }
      )
      .map(codes => String.fromCharCode(...codes))
  await fc.assert(
    fc.asyncProperty(
      latin1(0x21, 40),
      latin1(0x21, 40),
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 200 }).map(bytes => bodyOf(Buffer.from(bytes))),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }).map(text => bodyOf(text.toWellFormed())),
        fc
          .constantFrom("'", "''", '@x', '$(id)', '\n', '\\', '\0', '\u202e', '"; id')
          .map(text => bodyOf(text))
      ),
      async (target, value, body) => {
        const path = `/${target.replaceAll('?', '')}`
        const command = curlOf(
          capturedOf({ method: 'POST', path, request: { headers: [['X-Value', value]], body } }),
          to
        )
        t.notMatch(command, /[^\n\P{C}]/u, 'nothing that a terminal obeys')
        await sh(command ?? 'false')
        const message = origin.last()
        const bytes = body.base64 === undefined ? Buffer.from(body.text) : Buffer.from(body.base64, 'base64')
        t.equal(message.start, `POST ${path} HTTP/1.1`)
        t.equal(valueIn(message, 'x-value'), value)
        t.ok(message.body.equals(bytes))
      }
    ),
    { numRuns: 40 }
  )
})
