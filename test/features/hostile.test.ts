// Can a caller who is believed stop the gateway, or have it write what no header may hold? Attacks of a few bytes.
import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask, statusOf } from '../raw.ts'
import { run } from '../running.ts'

async function behind(t: Test, rules: string): Promise<{ readonly port: number; readonly origin: Origin }> {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
${rules}
`
  )
  return { port, origin }
}

t.test('a hundred bytes of baggage do not stop the gateway', async t => {
  const { port, origin } = await behind(t, '')
  const begun = performance.now()
  const answer = await ask(t, port, { fields: [['baggage', `ok=1,a=b${';k=  '.repeat(24)}"`]] })
  t.equal(statusOf(answer), 200)
  t.ok(performance.now() - begun < 5000)
  t.equal(valueIn(origin.last(), 'baggage'), 'ok=1', 'the member makes no sense, the others go on')
})

t.test('an id that is carried in tracestate gets into no header that could not have brought it', async t => {
  const { port, origin } = await behind(t, 'accept: [w3c]\nemit: [eagleeye, b3, w3c]')
  const spanId = '00f067aa0ba902b7'
  for (const id of ['\r\nX-Evil: 1', 'a b', 'é中', '\0z', ' ']) {
    const traceId = createHash('sha256').update(`eagleeye-trace:${id}`).digest('hex').slice(0, 32)
    const answer = await ask(t, port, {
      fields: [
        ['traceparent', `00-${traceId}-${spanId}-01`],
        ['tracestate', `tb=f:e;t:r${encodeURIComponent(id)};p:${spanId}`]
      ]
    })
    t.equal(statusOf(answer), 200, JSON.stringify(id))
    t.equal(valueIn(origin.last(), 'eagleeye-traceid'), traceId, 'the id beside it is all that is known')
    t.equal(valueIn(origin.last(), 'x-evil'), undefined)
  }
})
