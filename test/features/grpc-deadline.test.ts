// "My service hangs: does the gateway keep my call open beyond its deadline?" The callers here send a deadline and do
// not enforce it: what ends the call is the gateway.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Metadata, type StatusObject } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import { createAccessLog } from '../access-log.ts'
import { clientOf, watch } from '../grpc.ts'
import { ask, connectH2, fieldIn, type StreamAnswer } from '../h2.ts'
import { type StreamOrigin, type StreamSeen, startStreamOrigin } from '../h2-origin.ts'
import { metric } from '../metric.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

/** CANCEL. https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const cancel = 8
const silent = () => {}
/** One message, as gRPC frames it. */
const message = Buffer.from([0, 0, 0, 0, 2, 104, 105])

async function before(t: Test, respond: (seen: StreamSeen) => void, targets: readonly string[] = []) {
  const origin = await startStreamOrigin(t, respond)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const accessLog = createAccessLog(t)
  const gateway = await run(
    t,
    `
${accessLog.rule}
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams:
  orders:
    protocol: h2
    targets: [${[...targets, origin.url].map(url => `{ url: "${url}" }`).join(', ')}]
    ejection: { failures: 2, most: 100% }
routes: [{ match: { path: /** }, upstream: orders, timeouts: { request: 0s } }]
`
  )
  return { ...gateway, origin, receiver, accessLog }
}

/** Calls, and neither ends its side nor watches the clock. */
async function call(t: Test, url: string, timeout: string, path = '/shop.Orders/Get'): Promise<StreamAnswer> {
  const fields = ['content-type', 'application/grpc', 'te', 'trailers', 'grpc-timeout', timeout]
  const answer = ask(await connectH2(t, url), { method: 'POST', path, fields }, true)
  answer.stream.write(message)
  return answer
}

function seenBy({ seen }: StreamOrigin): StreamSeen {
  const [first] = seen
  if (first === undefined) throw new Error('nothing came')
  return first
}

t.test('a call whose service is silent ends with DEADLINE_EXCEEDED, in its header alone', async t => {
  const { url, origin, receiver, accessLog, adminUrl } = await before(t, silent)
  const begun = performance.now()
  const answer = await call(t, url, '300m')
  t.equal(await answer.over, 'end')
  const took = performance.now() - begun
  t.ok(took >= 300, `not ahead of its time: ${took}`)
  t.equal(answer.status(), 200)
  t.equal(fieldIn(answer.fields(), 'content-type'), 'application/grpc')
  t.equal(fieldIn(answer.fields(), 'grpc-status'), '4')
  t.match(fieldIn(answer.fields(), 'grpc-message'), /deadline/)
  t.same([answer.trailers(), answer.text()], [[], ''])
  await until(() => seenBy(origin).reset() === cancel, 'the service hears that it is over')
  t.equal(fieldIn(seenBy(origin).fields, 'grpc-timeout'), '300m', 'and heard of the deadline')

  const spans = await receiver.received(2)
  for (const { attributes, statusCode } of spans) {
    t.equal(attributes.get('error.type'), 'DEADLINE_EXCEEDED')
    t.equal(attributes.get('rpc.response.status_code'), 'DEADLINE_EXCEEDED')
    t.equal(statusCode, 2)
  }
  t.match(await accessLog.entry('/shop.Orders/Get'), { failure: 'DEADLINE_EXCEEDED' })
  t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code: 'DEADLINE_EXCEEDED' }), 1)
})

t.test('one that has begun to answer ends with it in its trailers', async t => {
  const { url, origin } = await before(t, ({ stream }) => {
    stream.respond([':status', '200', 'content-type', 'application/grpc'])
    stream.write(message)
  })
  const answer = await call(t, url, '300m')
  t.equal(await answer.over, 'end')
  t.equal(answer.text(), message.toString('latin1'))
  t.equal(fieldIn(answer.fields(), 'grpc-status'), undefined)
  t.equal(fieldIn(answer.trailers(), 'grpc-status'), '4')
  await until(() => seenBy(origin).reset() === cancel, 'the service hears that it is over')
})

t.test('a client of gRPC takes that for the status of its call', async t => {
  const { port, origin } = await before(t, ({ stream }) => {
    stream.respond([':status', '200', 'content-type', 'application/grpc'])
    stream.write(message)
  })
  const metadata = new Metadata()
  // As metadata it is on the wire, and the client's own clock is not set.
  metadata.set('grpc-timeout', '300m')
  const { path, requestSerialize, responseDeserialize } = watch
  const stream = clientOf(t, port).makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    'all',
    metadata
  )
  const seen: string[] = []
  let ended: StatusObject | undefined
  stream.on('data', (text: string) => seen.push(text))
  stream.on('error', () => {})
  stream.on('status', (status: StatusObject) => {
    ended = status
  })
  await until(() => ended !== undefined, 'its status')
  t.match(ended, { code: 4, details: 'the deadline that the caller set for the call has passed' })
  t.same(seen, ['hi'])
  await until(() => seenBy(origin).reset() === cancel, 'the service hears of it')
})

t.test('a deadline that makes no sense is none, and goes on', async t => {
  const { url, origin } = await before(t, ({ stream }) => {
    setTimeout(() => stream.respond([':status', '200', 'grpc-status', '0'], { endStream: true }), 400)
  })
  const timeouts = ['100', '0m', '100s', '123456789n', '-1m', 'soon']
  const answers = await Promise.all(timeouts.map(timeout => call(t, url, timeout)))
  for (const answer of answers) {
    await answer.over
    t.equal(fieldIn(answer.fields(), 'grpc-status'), '0')
  }
  const told = origin.seen.map(({ fields }) => fieldIn(fields, 'grpc-timeout'))
  t.same(told.sort(), timeouts.sort())
})

t.test('nor has a request one that is no call', async t => {
  const { url } = await before(t, ({ stream }) => {
    setTimeout(() => stream.respond([':status', '200'], { endStream: true }), 400)
  })
  const answer = ask(await connectH2(t, url), { fields: ['grpc-timeout', '10m'] })
  t.equal(await answer.over, 'end')
  t.same([answer.status(), fieldIn(answer.fields(), 'grpc-status')], [200, undefined])
})

t.test('deadlines that nobody could meet put no target out of service', async t => {
  const { url, origin, adminUrl } = await before(t, silent)
  // The time of one may be over before the target hears of it: that one is no evidence.
  for (let i = 0; i < 60 && origin.seen.length < 6; i++) {
    const answer = await call(t, url, '1n')
    await answer.over
    t.equal(fieldIn(answer.fields(), 'grpc-status'), '4')
  }
  t.ok(origin.seen.length >= 6, `the target saw ${origin.seen.length}`)
  t.equal(await metric(adminUrl, 'tracebridge_upstream_ejections_total'), 0)
})

t.test('a second attempt gets what the first has left of the time', async t => {
  // It takes connections, and ends them in the middle of the handshake of TLS: nothing was sent.
  const slow = createServer(socket => {
    socket.on('error', () => {})
    setTimeout(() => socket.destroy(), 700)
  })
  await once(slow.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => slow.close())
  const address = slow.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { url, origin, accessLog } = await before(t, silent, [`https://127.0.0.1:${port}`])
  const answer = await call(t, url, '3000m')
  await answer.over
  t.equal(fieldIn(answer.fields(), 'grpc-status'), '4')
  const told = fieldIn(seenBy(origin).fields, 'grpc-timeout') ?? ''
  t.match(told, /^\d{1,4}m$/)
  t.ok(Number.parseInt(told, 10) <= 2300, `it is not counted anew: ${told}`)
  t.match(await accessLog.entry('/shop.Orders/Get'), { failure: 'DEADLINE_EXCEEDED', attempts: 2 })
})

t.test('a deadline that is met changes nothing', async t => {
  const { url } = await before(t, ({ stream }) => {
    stream.respond([':status', '200', 'content-type', 'application/grpc'], { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    setTimeout(() => stream.end(message), 100)
  })
  const answer = await call(t, url, '2S')
  t.equal(await answer.over, 'end')
  await sleep(2200)
  t.equal(fieldIn(answer.trailers(), 'grpc-status'), '0')
})
