import t from 'tap'
import { createCaptures } from '../../src/report/captures.ts'
import { createEvidence } from '../../src/report/evidence.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import type { CaptureRule } from '../../src/rules/rules.ts'
import { outcomeOf, routeOf, start, untraced } from './outcomes.ts'

const rule: CaptureRule = {
  headers: new Set(['x-a', 'location']),
  secrets: new Set(),
  body: 65_536
}

/** A failed request of a route that captures, with a body of these bytes. */
function failed(path: string, body = Buffer.alloc(0), asked: readonly string[] = []): Outcome {
  const evidence = createEvidence(rule, asked, true)
  evidence.question?.take(body)
  evidence.complete = true
  return outcomeOf({ route: routeOf({ capture: rule }), path, evidence, status: 503 })
}

function sumOf(captures: ReturnType<typeof createCaptures>, name: string): number {
  const family = captures.families.find(each => each.name === name)
  return family?.samples().reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
}

t.test('the newest are held, as many as the rules say at that time', async t => {
  let keep = 3
  const captures = createCaptures(() => ({ keep, take: () => true }))
  for (const path of ['/1', '/2', '/3', '/4']) captures.request(failed(path))
  t.strictSame(
    captures.all().map(({ path }) => path),
    ['/4', '/3', '/2']
  )
  keep = 1
  t.equal(captures.all().length, 3, 'nothing goes before something comes')
  captures.request(failed('/5'))
  t.strictSame(
    captures.all().map(({ path }) => path),
    ['/5']
  )
  t.equal(sumOf(captures, 'tracebridge_captures'), 5)
  t.equal(sumOf(captures, 'tracebridge_captures_evicted'), 4)
  t.equal(sumOf(captures, 'tracebridge_captures_held'), 1)
})

t.test('a secret inside the value of a harmless field goes, what the rules hide goes whole', async t => {
  const captures = createCaptures(() => ({ keep: 1, take: () => true }))
  const evidence = createEvidence(
    { ...rule, secrets: new Set(['x-a']) },
    ['Location', 'https://u:p@app/cb#access_token=x', 'X-A', 'x'],
    false
  )
  const route = routeOf({ capture: { ...rule, secrets: new Set(['x-a']) } })
  captures.request(outcomeOf({ route, path: '/', query: 'to=/b%23&otp_code=1', evidence, status: 503 }))
  const [capture] = captures.all()
  t.strictSame(capture?.request.headers, [
    ['Location', 'https://REDACTED@app/cb#access_token=REDACTED'],
    ['X-A', 'REDACTED']
  ])
  t.equal(capture?.query, 'to=/b%23&otp_code=REDACTED')
})

t.test('whatever is sent, no more than 4 MiB are held', async t => {
  const captures = createCaptures(() => ({ keep: 10_000, take: () => true }))
  const most = 4 * 1024 * 1024
  for (let i = 0; i < 200; i++) captures.request(failed('/big', Buffer.alloc(65_536, 0xff)))
  const texts = captures.all().reduce((sum, { request }) => sum + (request.body?.base64?.length ?? 0), 0)
  t.ok(texts <= most && texts > most / 2, `${texts} characters`)
  t.ok(sumOf(captures, 'tracebridge_captures_held_bytes') <= most)
  t.equal(sumOf(captures, 'tracebridge_captures_held') + sumOf(captures, 'tracebridge_captures_evicted'), 200)
})

t.test('without time for it nothing is made, and without evidence nothing is counted', async t => {
  const captures = createCaptures(() => ({ keep: 9, take: () => false }))
  captures.request(failed('/'))
  captures.request(untraced())
  t.strictSame(captures.all(), [])
  t.equal(sumOf(captures, 'tracebridge_captures'), 1)
})

t.test('of a body that is no text the bytes are held, of a header its URLs are redacted', async t => {
  const captures = createCaptures(() => ({ keep: 9, take: () => true }))
  captures.request(failed('/', Buffer.from('password=caf\xe9&a=\xff', 'latin1'), ['Location', '/cb?code=1']))
  const [one] = captures.all()
  t.equal(
    Buffer.from(one?.request.body?.base64 ?? '', 'base64').toString('latin1'),
    'password=REDACTED&a=\xff'
  )
  t.strictSame(one?.request.headers, [['Location', '/cb?code=REDACTED']])
  t.match(one, { time: new Date(start).toISOString(), why: 'error', duration_ms: 12.5 })
})
