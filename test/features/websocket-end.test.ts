// How an upgraded connection ends: by either side, well or badly, by silence, by a drain. And what does not end it.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { createAccessLog } from '../access-log.ts'
import { connectTls, pathOf, tlsOf } from '../certificates.ts'
import { startServing } from '../child.ts'
import { startOrigin } from '../origin.ts'
import { connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'
import {
  accepting,
  asking,
  close,
  closing,
  createFrameReader,
  type Frame,
  frame,
  handing,
  text
} from '../websocket.ts'

function rulesOf(url: string, idle: string, drain = '700ms'): string {
  return `drain: { linger: 0s, timeout: ${drain} }
upstreams: { chat: { targets: [{ url: "${url}" }], timeouts: { upgrade-idle: ${idle} } } }
routes: [{ match: { path: /** }, upstream: chat, upgrade: [websocket] }]
`
}

type Opening<G> = {
  readonly idle?: string
  /** How long a drain may take. */
  readonly drain?: string
  /** Bytes that go along with the handshake. */
  readonly early?: string
  readonly start: (yaml: string) => Promise<G>
}

/** A connection that is open from end to end, through a gateway that `start` makes. */
async function open<G extends { readonly port: number }>(
  t: Test,
  { idle = '1h', drain, early = '', start }: Opening<G>
) {
  const upstreams: Socket[] = []
  const chunks: Buffer[] = []
  const origin = await startOrigin(
    t,
    handing(socket => {
      upstreams.push(socket)
      socket.on('data', chunk => chunks.push(chunk))
    })
  )
  const lines = createAccessLog(t)
  const gateway = await start(`${lines.rule}${rulesOf(origin.url, idle, drain)}`)
  const client = await connectRaw(t, gateway.port)
  client.send(`${requestOf(asking())}${early}`)
  const answer = await client.answer()
  const [upstream] = upstreams
  if (upstream === undefined || statusOf(answer) !== 101) throw new Error(answer.start)
  return {
    gateway,
    origin,
    lines,
    client,
    /** The upstream's end of the connection. */
    upstream,
    /** What the upstream heard. */
    heard: () => Buffer.concat(chunks),
    /** What the caller heard behind the 101. */
    told: () => Buffer.from(client.text().slice(answer.head.length), 'latin1')
  }
}

/** The same with a gateway in this process. */
function openHere(t: Test, opening: Omit<Opening<Running>, 'start'> = {}) {
  return open(t, { ...opening, start: yaml => run(t, yaml) })
}

/** Frames that are whole. */
function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  createFrameReader(each => frames.push(each))(bytes)
  return frames
}

function isGoingAway(each: Frame | undefined): boolean {
  return each?.opcode === close && each.payload.readUInt16BE() === 1001
}

t.test('what is sent along with the handshake arrives behind it', async t => {
  const { heard } = await openHere(t, { early: 'early' })
  await until(() => heard().toString() === 'early', 'it arrives')
})

t.test('what the upstream sends along with its 101 arrives behind it', async t => {
  const origin = await startOrigin(t, request => `${accepting(request)}at once`)
  const { port } = await run(t, rulesOf(origin.url, '1h'))
  const client = await connectRaw(t, port)
  client.send(requestOf(asking()))
  await until(() => client.text().endsWith('\r\n\r\nat once'), 'it arrives')
})

t.test('a caller that breaks off takes its upstream along', async t => {
  const { client, origin, lines } = await openHere(t)
  client.socket.resetAndDestroy()
  await until(() => origin.open.size === 0, 'the upstream is let go')
  t.match(await lines.entry('/ws'), { status: 101, failure: 'CALLER_GONE', ended_by: 'caller' })
})

t.test('an upstream that breaks off takes its caller along', async t => {
  const { client, upstream, lines } = await openHere(t)
  upstream.resetAndDestroy()
  await client.over
  t.match(await lines.entry('/ws'), { status: 101, failure: 'UPSTREAM_INCOMPLETE', ended_by: 'upstream' })
})

t.test('a caller that has ended still hears the rest', async t => {
  const { client, upstream, told, heard, lines } = await openHere(t)
  upstream.allowHalfOpen = true
  client.send('last words')
  client.socket.end()
  await until(() => heard().toString() === 'last words', 'they arrive')
  upstream.write('and the answer')
  upstream.end()
  await until(() => told().toString() === 'and the answer', 'it arrives')
  t.match(await lines.entry('/ws'), { ended_by: 'caller', received: 10, bytes: 14 })
})

t.test('a close of either side is told of with its code', async t => {
  const { client, upstream, lines, heard, told } = await openHere(t)
  upstream.write(closing(1013))
  await until(() => told().length === 4, 'it arrives')
  client.send(closing(1013, true))
  await until(() => heard().length === 8, 'the answer arrives')
  upstream.end()
  await client.over
  t.match(await lines.entry('/ws'), { ended_by: 'upstream', close_code: 1013, failure: undefined })
})

/** Writes as long as the other end takes it; gives what has gone so far, and when all has. */
function pour(from: Socket, chunk: Buffer, times: number) {
  let poured = 0
  const done = (async () => {
    for (; poured < times; poured++) if (!from.write(chunk)) await once(from, 'drain')
  })()
  return { poured: () => poured, done }
}

t.test('who does not read stops who writes, either way, and nothing is lost', async t => {
  const { client, upstream } = await openHere(t)
  const chunk = randomBytes(64 * 1024)
  const times = 800
  const whole = createHash('sha1')
  for (let time = 0; time < times; time++) whole.update(chunk)
  const expected = whole.digest('hex')
  for (const [from, to] of [
    [upstream, client.socket],
    [client.socket, upstream]
  ] as const) {
    const got = createHash('sha1')
    let bytes = 0
    to.removeAllListeners('data')
    to.pause()
    const { poured, done } = pour(from, chunk, times)
    let before = -1
    // Buffers of the system fill up, then nothing moves any more.
    await until(async () => {
      const still = poured() === before
      before = poured()
      await new Promise(resolve => setTimeout(resolve, 100))
      return still
    }, 'it stops')
    t.ok(poured() < times / 2, `${poured()} pieces of ${times} have gone`)
    to.on('data', piece => {
      bytes += piece.length
      got.update(piece)
    })
    to.resume()
    await done
    await until(() => bytes === times * chunk.length, 'all of it arrives')
    t.equal(got.digest('hex'), expected)
  }
})

t.test('silence ends it, in words', async t => {
  const { client, upstream, heard, told, lines } = await openHere(t, { idle: '150ms' })
  await until(() => isGoingAway(framesIn(told())[0]) && isGoingAway(framesIn(heard())[0]), 'both are told')
  t.equal(framesIn(heard())[0]?.masked, true, 'as a caller must')
  t.equal(framesIn(told())[0]?.masked, false)
  client.send(closing(1001, true))
  upstream.end(closing(1001))
  await client.over
  t.match(await lines.entry('/ws'), { ended_by: 'idle', close_code: 1001, failure: undefined })
  t.equal(framesIn(heard()).length, 1, 'nothing behind a close frame')
})

t.test('what goes on in either direction is not silence', async t => {
  const { client, upstream, told } = await openHere(t, { idle: '2s' })
  // More often than must be, for a machine that is busy with others.
  for (let at = 0; at < 24; at++) {
    await new Promise(resolve => setTimeout(resolve, 100))
    upstream.write(frame(text, 'x'))
  }
  await until(() => framesIn(told()).length === 24, 'all arrive')
  t.notOk(framesIn(told()).some(isGoingAway))
  t.notOk(client.socket.destroyed)
})

/** The same with a gateway of its own process, that can be told to end. */
async function openServing(t: Test, drain: string) {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  return open(t, {
    drain,
    start: async yaml => {
      writeFileSync(file, yaml)
      return startServing(t, ['--rules', file])
    }
  })
}

t.test('a drain tells both sides and does not wait longer than they need', async t => {
  const { gateway, client, upstream, heard, told, lines } = await openServing(t, '60s')
  const start = performance.now()
  gateway.process.kill('SIGTERM')
  await until(() => isGoingAway(framesIn(told())[0]) && isGoingAway(framesIn(heard())[0]), 'both are told')
  client.send(closing(1001, true))
  upstream.end(closing(1001))
  t.equal(await gateway.exited, 0)
  const took = performance.now() - start
  t.ok(took < 30_000, `it took ${took} ms`)
  t.match(await lines.entry('/ws'), { ended_by: 'drain', close_code: 1001, failure: undefined })
})

t.test('a drain does not cut into a frame, and ends who does not listen at its deadline', async t => {
  // Longer than a busy machine stands still: the frame has to be whole before.
  const { gateway, client, upstream, told, lines } = await openServing(t, '3s')
  const message = frame(text, 'a long message')
  upstream.write(message.subarray(0, 5))
  await until(() => told().length === 5, 'half a frame has passed')
  gateway.process.kill('SIGTERM')
  await until(async () => (await fetch(`${gateway.adminUrl}/readyz`)).status === 503, 'it drains')
  t.equal(told().length, 5)
  upstream.write(message.subarray(5))
  await until(() => framesIn(told()).length === 2, 'the rest, and a close')
  const [first, second] = framesIn(told())
  t.equal(first?.payload.toString(), 'a long message')
  t.ok(isGoingAway(second))
  upstream.write(frame(text, 'too late'))
  t.equal(await gateway.exited, 0)
  await client.over
  t.equal(framesIn(told()).length, 2, 'nothing behind a close frame')
  t.match(await lines.entry('/ws'), { ended_by: 'drain' })
})

t.test('new rules cut nobody off, though they name another upstream', async t => {
  const { gateway, client, upstream, told, heard } = await openHere(t)
  const other = await startOrigin(t)
  gateway.rewrite(rulesOf(other.url, '1h'))
  await gateway.app.reload()
  client.send(frame(text, 'still here', true))
  await until(() => framesIn(heard()).length === 1, 'it arrives')
  upstream.write(frame(text, 'so am I'))
  await until(() => framesIn(told()).length === 1, 'it arrives')
})

t.test('TLS on both sides', async t => {
  const server = createServer(
    { cert: readFileSync(pathOf('shop.pem')), key: readFileSync(pathOf('shop.key')) },
    socket => {
      socket.on('error', () => {})
      socket.once('data', bytes => {
        const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(bytes.toString())?.[1] ?? ''
        const fields = [['Sec-WebSocket-Key', key]] as const
        const message = { start: '', fields, head: '', body: Buffer.alloc(0), framing: 'none' } as const
        handing(each => each.on('data', chunk => each.write(chunk)))(message, socket)
      })
    }
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const target = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const { port } = await run(
    t,
    `listen: [{ address: 127.0.0.1:0, ${tlsOf()} }]
upstreams:
  chat: { targets: [{ url: "${target}" }], tls: { ca: "${pathOf('ca.pem')}", server-name: shop.example } }
  stranger: { targets: [{ url: "${target}" }], tls: { ca: "${pathOf('ca.pem')}", server-name: other.example } }
routes:
  - { match: { path: /** }, upstream: chat, upgrade: [websocket] }
  - { match: { path: /stranger }, upstream: stranger, upgrade: [websocket] }
`
  )
  const client = await connectTls(t, port)
  client.send(requestOf(asking()))
  t.equal(statusOf(await client.answer()), 101)
  client.send(frame(text, 'hello', true))
  await until(() => client.text().endsWith(frame(text, 'hello', true).toString('latin1')), 'it comes back')
  client.socket.destroy()

  // Its certificate is for shop.example, as Host says: that is not the caller's to choose.
  const fooled = await connectTls(t, port)
  fooled.send(requestOf(asking({ path: '/stranger' })))
  t.equal(statusOf(await fooled.answer()), 503)
})

t.test('a drain waits no longer for a handshake that stays open, or a refusal without an end', async t => {
  for (const refusal of [undefined, 'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmore\r\n']) {
    const origin = await startOrigin(t, () => refusal)
    const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'rules.yaml')
    writeFileSync(file, rulesOf(origin.url, '1h'))
    const gateway = await startServing(t, ['--rules', file])
    const client = await connectRaw(t, gateway.port)
    client.send(requestOf(asking()))
    await until(() => origin.requests.length === 1, 'it is asked')
    if (refusal !== undefined) await until(() => client.text().includes('more'), 'it is being refused')
    gateway.process.kill('SIGTERM')
    t.equal(await gateway.exited, 0)
    await client.over
  }
})
