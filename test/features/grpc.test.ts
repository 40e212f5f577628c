// gRPC from end to end, judged by a client and a server that know nothing of the gateway.

import { readFileSync } from 'node:fs'
import { credentials, Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import { pathOf, tlsOf } from '../certificates.ts'
import { clientOf, collect, get, type Service, startService, talk, watch } from '../grpc.ts'
import { metric } from '../metric.ts'
import { type Receiver, type SeenSpan, startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

type Behind = {
  readonly service: Service
  readonly receiver: Receiver
  readonly port: number
  readonly tls: number
  readonly adminUrl: string
}

async function gateway(t: Test, upstream?: string): Promise<Behind> {
  const service = await startService(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { app, adminUrl } = await run(
    t,
    `
listen: [{ address: 127.0.0.1:0 }, { address: 127.0.0.1:0, ${tlsOf()} }]
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { orders: { protocol: h2, targets: [{ url: "${upstream ?? service.url}" }], timeouts: { idle: 300ms } } }
routes: [{ match: { path: /** }, upstream: orders }]
`
  )
  return { service, receiver, adminUrl, port: app.listen[0]?.port ?? 0, tls: app.listen[1]?.port ?? 0 }
}

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'

function traced(): Metadata {
  const metadata = new Metadata()
  metadata.set('traceparent', `00-${trace}-00f067aa0ba902b7-01`)
  return metadata
}

type Ended = { readonly answer: string | undefined; readonly error: ServiceError | undefined }

/** A unary call. */
function ask(
  client: ReturnType<typeof clientOf>,
  text: string,
  deadline = Date.now() + 5000
): Promise<Ended> {
  return new Promise(resolve => {
    const { path, requestSerialize, responseDeserialize } = get
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      text,
      traced(),
      { deadline },
      (error, answer) => resolve({ answer, error: error ?? undefined })
    )
  })
}

async function spansOf({ receiver }: Behind): Promise<{ server: SeenSpan; client: SeenSpan }> {
  const spans = await receiver.received(2)
  const [server, client] = [2, 3].map(kind => spans.find(span => span.kind === kind))
  if (server === undefined || client === undefined) throw new Error('no two spans')
  return { server, client }
}

t.test('a unary call arrives, its trace goes on in the metadata, and the spans say how it ended', async t => {
  const behind = await gateway(t)
  const { answer, error } = await ask(clientOf(t, behind.port), 'order 1')
  t.same([answer, error], ['order 1', undefined])
  const { server, client } = await spansOf(behind)
  t.same(behind.service.calls[0]?.get('traceparent'), [`00-${trace}-${client.spanId}-01`])
  t.equal(server.traceId, trace)
  t.equal(server.attributes.get('network.protocol.version'), '2')
  for (const { attributes, statusCode } of [server, client]) {
    t.equal(attributes.get('rpc.system.name'), 'grpc')
    t.equal(attributes.get('rpc.response.status_code'), 'OK')
    t.equal(statusCode, 0)
  }
})

t.test('over TLS as well', async t => {
  const behind = await gateway(t)
  const security = credentials.createSsl(readFileSync(pathOf('ca.pem')))
  const { answer, error } = await ask(clientOf(t, behind.tls, security), 'order 1')
  t.same([answer, error], ['order 1', undefined])
})

t.test('a status that is an error reaches the caller with its words, and the spans', async t => {
  const behind = await gateway(t)
  const { error } = await ask(clientOf(t, behind.port), 'missing')
  t.equal(error?.code, status.NOT_FOUND)
  t.equal(error?.details, 'no such order')
  t.same(error?.metadata.get('why'), ['sold out'])
  const { server, client } = await spansOf(behind)
  t.equal(client.attributes.get('rpc.response.status_code'), 'NOT_FOUND')
  t.equal(client.attributes.get('error.type'), 'NOT_FOUND')
  t.equal(client.statusCode, 2, 'an error to who asked')
  t.equal(server.statusCode, 0, 'and none of the server')
  for (const side of ['server', 'client']) {
    const count = (labels: Readonly<Record<string, string>>) =>
      metric(behind.adminUrl, `http_${side}_request_duration_seconds_count`, labels)
    t.equal(await count({ status: '200', grpc_status: 'NOT_FOUND' }), 1)
    t.equal(await count({}), 1)
  }
})

t.test('a client may stream, and gets one answer', async t => {
  const { port } = await gateway(t)
  const answer = await new Promise<string | undefined>((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = collect
    const call = clientOf(t, port).makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      (error, answer) => (error === null ? resolve(answer) : reject(error))
    )
    for (const part of ['a', 'b', 'c']) call.write(part)
    call.end()
  })
  t.equal(answer, 'a+b+c')
})

t.test('a server may stream: each message is there as soon as it was sent', async t => {
  const { port, service } = await gateway(t)
  const { path, requestSerialize, responseDeserialize } = watch
  const call = clientOf(t, port).makeServerStreamRequest(path, requestSerialize, responseDeserialize, 'all')
  const seen: string[] = []
  let ended: StatusObject | undefined
  let header = false
  call.on('metadata', () => {
    header = true
  })
  call.on('data', (text: string) => seen.push(text))
  call.on('status', (status: StatusObject) => {
    ended = status
  })
  await until(() => header, 'the header comes ahead of any message')
  for (const text of ['one', 'two']) {
    service.tell(text)
    await until(() => seen.includes(text), text)
  }
  // Longer than other requests may be silent.
  await new Promise(resolve => setTimeout(resolve, 500))
  t.equal(ended, undefined)
  service.tell(undefined)
  await until(() => ended !== undefined, 'its status')
  t.equal(ended?.code, status.OK)
})

t.test('both may stream at the same time', async t => {
  const { port } = await gateway(t)
  const { path, requestSerialize, responseDeserialize } = talk
  const call = clientOf(t, port).makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  const seen: string[] = []
  let ended: StatusObject | undefined
  call.on('data', (text: string) => seen.push(text))
  call.on('status', (status: StatusObject) => {
    ended = status
  })
  for (const text of ['one', 'two', 'three']) {
    call.write(text)
    await until(() => seen.includes(`<${text}>`), text)
  }
  call.end()
  await until(() => ended !== undefined, 'its status')
  t.equal(ended?.code, status.OK)
})

t.test('a deadline that passes ends the call at the service too', async t => {
  const behind = await gateway(t)
  // Long enough to arrive where a process stands still meanwhile: the caller has a clock of its own.
  const { error } = await ask(clientOf(t, behind.port), 'hang', Date.now() + 2000)
  t.equal(error?.code, status.DEADLINE_EXCEEDED)
  await until(() => behind.service.cancelled() === 1, 'the service hears of it')
  const { server } = await spansOf(behind)
  // Whichever of the two looks at its clock first.
  t.match(server.attributes.get('error.type'), /^(CALLER_GONE|DEADLINE_EXCEEDED)$/)
})

t.test('a call that is given up ends at the service too', async t => {
  const { port, service } = await gateway(t)
  const { path, requestSerialize, responseDeserialize } = talk
  const call = clientOf(t, port).makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  call.on('error', () => {})
  let seen = 0
  call.on('data', () => seen++)
  call.write('one')
  await until(() => seen === 1, 'an answer')
  call.cancel()
  await until(() => service.cancelled() === 1, 'the service hears of it')
})

t.test('where no service is, the caller hears that it is unavailable', async t => {
  const { port } = await gateway(t, 'http://127.0.0.1:1')
  const { error } = await ask(clientOf(t, port), 'order 1')
  t.equal(error?.code, status.UNAVAILABLE)
})
