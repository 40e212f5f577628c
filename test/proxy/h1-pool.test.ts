// Connections to an upstream of HTTP/1, kept and let go: each against an upstream on a plain socket.
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { plainDial } from '../../src/proxy/dial.ts'
import { Connection } from '../../src/proxy/h1-connection.ts'
import { ConnectionPool, type ConnectionPoolOptions } from '../../src/proxy/h1-pool.ts'
import type { Control } from '../../src/proxy/recipient.ts'
import type { Looked } from '../../src/proxy/sweep.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { deaf, nothingStripped } from '../recipient.ts'
import { until } from '../until.ts'

const ok = (body = 'ok', ...fields: readonly string[]) =>
  `HTTP/1.1 200 OK\r\n${fields.map(field => `${field}\r\n`).join('')}Content-Length: ${body.length}\r\n\r\n${body}`

async function poolTo(t: Test, respond?: Respond, options: Partial<ConnectionPoolOptions> = {}) {
  const origin = await startOrigin(t, respond)
  const looked = new Set<Looked>()
  const target = {
    ...{ origin: origin.url, host: '127.0.0.1', port: origin.port },
    ...{ weight: 1, tags: new Map(), serviceTag: '', version: '', side: '' }
  }
  const pool = new ConnectionPool(origin.url, {
    dial: plainDial(target, 5000, undefined),
    connections: 4,
    connectionAgeMs: 60_000,
    keepAlive: 60_000,
    keepAliveMax: 60_000,
    maxHeaderSize: 16_384,
    sweep: { add: one => void looked.add(one), delete: one => void looked.delete(one) },
    ...options
  })
  t.teardown(() => pool.close())
  const ask = (
    path: string,
    { method = 'GET', body = null }: { method?: string; body?: Readable | null } = {}
  ) => {
    let control: Control | undefined
    let text = ''
    let again = false
    const { promise, resolve } = Promise.withResolvers<string>()
    const recipient = {
      ...deaf(),
      onRequestStart: (own: Control) => {
        control = own
        again = recipient.carrier?.take() === true
      },
      onResponseData: (_: Control, chunk: Buffer) => {
        text += chunk.toString('latin1')
      },
      onResponseEnd: () => resolve(text),
      onResponseError: (error: Error) => resolve(`failed: ${error.message}`)
    }
    const waiting = pool.dispatch(
      { method, path, fields: ['Host', 'a'], body, strip: nothingStripped },
      recipient
    )
    return {
      answer: promise,
      waiting,
      begun: () => control !== undefined,
      again: () => again,
      carrier: () => recipient.carrier
    }
  }
  return { origin, pool, ask, looked }
}

t.test('a connection is used again, the one that was used last first', async t => {
  const { origin, pool, ask } = await poolTo(t)
  const first = ask('/1')
  t.equal(await first.answer, 'ok')
  t.equal(first.again(), false)
  const second = ask('/2')
  t.equal(await second.answer, 'ok')
  t.equal(second.again(), true)
  t.equal(origin.connections(), 1)
  await until(() => pool.stats.running === 0, 'idle')
  t.strictSame(pool.stats, { connected: 1, running: 0, pending: 0 })
})

t.test('what comes behind an answer is nobody’s, and ends the connection', async t => {
  const { origin, pool, ask } = await poolTo(t, ({ start }) =>
    start.includes('/1 ') ? ok('one') + ok('poison') : ok('two')
  )
  const answers = [ask('/1'), ask('/2')]
  t.strictSame(await Promise.all(answers.map(each => each.answer)), ['one', 'two'])
  t.equal(await ask('/3').answer, 'two')
  await until(() => origin.open.size === pool.stats.connected, 'the poisoned one is gone')
  t.equal(origin.connections() >= 2, true)
})

t.test('of one connection the next request has it only when all of the answer is read', async t => {
  const { ask } = await poolTo(
    t,
    ({ start }) => (start.includes('/1 ') ? ok('one') + ok('poison') : ok('two')),
    {
      connections: 1
    }
  )
  const answers = [ask('/1'), ask('/2'), ask('/3')]
  t.strictSame(await Promise.all(answers.map(each => each.answer)), ['one', 'two', 'two'])
})

// GHSA-35p6-xmwp-9g52, CVE-2026-48931: a pool that hands a connection on before it has read all that is there.
t.test('nor has it what lies behind an answer that fills a read to its end', async t => {
  const poison = ok('poison')
  const filling = ok('a'.repeat(65_536 - ok('').length - 4))
  t.equal(filling.length, 65_536)
  const { ask } = await poolTo(t, ({ start }) => (start.includes('/1 ') ? filling + poison : ok('two')), {
    connections: 1
  })
  const answers = [ask('/1'), ask('/2')]
  t.equal((await answers[0]?.answer)?.length, filling.length - ok('').length - 4)
  t.equal(await answers[1]?.answer, 'two')
})

t.test('who waits and leaves, leaves nothing behind', async t => {
  const answers: (() => void)[] = []
  const respond: Respond = (_, socket) => {
    answers.push(() => void socket.write(ok()))
    return undefined
  }
  const { origin, pool, ask } = await poolTo(t, respond, { connections: 1 })
  const first = ask('/1')
  const gone = ask('/2')
  const third = ask('/3')
  await until(() => answers.length === 1, 'the first is there')
  t.equal(pool.stats.pending, 2)
  gone.waiting.abort(new Error('gone'))
  gone.waiting.abort(new Error('gone again'))
  t.equal(await gone.answer, 'failed: gone')
  t.equal(pool.stats.pending, 1)
  answers[0]?.()
  t.equal(await first.answer, 'ok')
  await until(() => answers.length === 2, 'the third is there')
  answers[1]?.()
  t.equal(await third.answer, 'ok')
  t.equal(gone.begun(), false)
  t.equal(origin.requests.length, 2)
})

t.test('who leaves amid an answer takes the connection along', async t => {
  const { origin, pool, ask } = await poolTo(t, ({ start }, socket) => {
    if (!start.includes('/1 ')) return ok()
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    return undefined
  })
  const first = ask('/1')
  await until(() => origin.requests.length === 1, 'it is under way')
  first.waiting.abort(new Error('gone'))
  t.equal(await first.answer, 'failed: gone')
  await until(() => origin.open.size === 0, 'its connection is gone')
  t.strictSame(pool.stats, { connected: 0, running: 0, pending: 0 })
  t.equal(await ask('/2').answer, 'ok')
})

t.test(
  'an idle connection is kept for as long as its upstream says, less a margin, and never without end',
  async t => {
    let hint = 'timeout=1'
    const { origin, pool, ask } = await poolTo(t, () => ok('ok', `Keep-Alive: ${hint}`), {
      keepAliveMax: 3000
    })
    t.equal(await ask('/1').answer, 'ok')
    await until(() => pool.stats.connected === 0, 'a second is less than the margin')
    hint = 'max=5, timeout=100'
    t.equal(await ask('/2').answer, 'ok')
    t.equal(await ask('/3').answer, 'ok')
    t.equal(origin.connections(), 2)
  }
)

t.test('what is idle for too long is let go, and what is too old takes no more', async t => {
  const { origin, pool, ask, looked } = await poolTo(t, undefined, { keepAlive: 0, keepAliveMax: 0 })
  t.equal(await ask('/1').answer, 'ok')
  await until(() => pool.stats.connected === 0, 'nothing is kept')
  t.equal(looked.size, 0, 'and nothing is looked at')
  const old = await poolTo(t, undefined, { connectionAgeMs: 0 })
  t.equal(await old.ask('/1').answer, 'ok')
  t.equal(await old.ask('/2').answer, 'ok')
  t.equal(old.origin.connections(), 2)
  t.equal(origin.connections(), 1)
})

t.test('when it closes, what waits is still served', async t => {
  const { pool, ask } = await poolTo(t, undefined, { connections: 1 })
  const answers = [ask('/1'), ask('/2'), ask('/3')]
  const closed = pool.close()
  t.strictSame(await Promise.all(answers.map(each => each.answer)), ['ok', 'ok', 'ok'])
  await closed
  t.strictSame(pool.stats, { connected: 0, running: 0, pending: 0 })
})

t.test('it is not closed while somebody is about to have a connection that ends just now', async t => {
  const { pool, ask } = await poolTo(t)
  const first = ask('/1')
  t.equal(await first.answer, 'ok')
  await until(() => pool.stats.running === 0, 'idle')
  const order: string[] = []
  const second = ask('/2')
  void second.answer.then(answer => order.push(answer))
  void pool.close().then(() => order.push('closed'))
  const connection = first.carrier()
  if (!(connection instanceof Connection)) throw new Error('no connection')
  connection.socket.destroy(new Error('reset'))
  await until(() => order.length === 2, 'both')
  t.strictSame(order, ['ok', 'closed'])
})

t.test('nor while others are who are due in the same turn', async t => {
  const { pool, ask } = await poolTo(t)
  const [one, two] = [ask('/1'), ask('/2')]
  await Promise.all([one.answer, two.answer])
  await until(() => pool.stats.running === 0, 'both are idle')
  t.equal(pool.stats.connected, 2)
  const order: string[] = []
  const [third, fourth] = [ask('/3'), ask('/4')]
  void third.answer.catch(() => {})
  void fourth.answer.then(answer => order.push(answer))
  void pool.close().then(() => order.push('closed'))
  third.waiting.abort(new Error('gone'))
  for (const { carrier } of [one, two]) {
    const connection = carrier()
    if (!(connection instanceof Connection)) throw new Error('no connection')
    connection.socket.destroy(new Error('reset'))
  }
  await until(() => order.length === 2, 'both')
  t.strictSame(order, ['ok', 'closed'])
})

t.test('a reset is never the end of an answer', async t => {
  const { ask } = await poolTo(t, (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nhalf')
    setImmediate(() => socket.resetAndDestroy())
    return undefined
  })
  t.match(await ask('/1').answer, /^failed: /)
})

t.test('an answer ahead of the rest of its request ends the connection behind it', async t => {
  const { origin, pool } = await poolTo(t)
  const body = new PassThrough()
  const answered: string[] = []
  pool.dispatch(
    {
      method: 'POST',
      path: '/',
      fields: ['Host', 'a', 'Content-Length', '10'],
      body,
      strip: nothingStripped
    },
    {
      ...deaf(),
      onResponseEnd: () => void answered.push('whole'),
      onResponseError: error => void answered.push(error.message)
    }
  )
  await until(() => origin.open.size === 1, 'connected')
  for (const socket of origin.open) socket.write(ok('early'))
  await until(() => answered.length > 0, 'it is answered')
  t.strictSame(answered, ['whole'])
  await until(() => origin.open.size === 0, 'the connection is gone')
  body.destroy()
})

t.test('a body that ends early, or does not end, is cut for the upstream', async t => {
  const { origin, pool } = await poolTo(t)
  for (const [bytes, how] of [
    ['12', 'end'],
    ['12', 'destroy'],
    ['123456', 'write']
  ] as const) {
    const body = new PassThrough()
    body.on('error', () => {})
    const answered: string[] = []
    pool.dispatch(
      {
        method: 'POST',
        path: '/',
        fields: ['Host', 'a', 'Content-Length', '5'],
        body,
        strip: nothingStripped
      },
      {
        ...deaf(),
        onResponseEnd: () => void answered.push('whole'),
        onResponseError: error => void answered.push(error.message)
      }
    )
    body.write(bytes)
    await until(() => origin.open.size === 1 || answered.length > 0, 'connected')
    if (how === 'end') body.end()
    if (how === 'destroy') body.destroy()
    await until(() => answered.length > 0, how)
    t.not(answered[0], 'whole', how)
    await until(() => origin.open.size === 0, 'the connection is gone')
  }
  t.equal(origin.requests.length, 0)
})

t.test('chunks, backpressure and trailers of a request arrive', async t => {
  const { origin, pool } = await poolTo(t)
  const body = Object.assign(new PassThrough(), { rawTrailers: ['X-Sum', '1', 'Host', 'evil'] })
  const done = once(body, 'close')
  const answered: string[] = []
  pool.dispatch(
    { method: 'POST', path: '/', fields: ['Host', 'a'], body, strip: nothingStripped },
    {
      ...deaf(),
      onResponseEnd: () => void answered.push('whole'),
      onResponseError: error => void answered.push(error.message)
    }
  )
  for (let i = 0; i < 40; i++) body.write(Buffer.alloc(64 * 1024, 97 + (i % 26)))
  body.end()
  await until(() => answered.length > 0, 'it is answered')
  await done
  t.strictSame(answered, ['whole'])
  t.equal(origin.last().framing, 'chunked')
  t.equal(origin.last().body.length, 40 * 64 * 1024)
})
