// Connections of HTTP/1 to an upstream that does what upstreams should not.
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { plainDial } from '../../src/proxy/dial.ts'
import { ConnectionPool } from '../../src/proxy/h1-pool.ts'
import type { Control, Recipient } from '../../src/proxy/recipient.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { deaf, nothingStripped } from '../recipient.ts'
import { until } from '../until.ts'

async function poolOf(t: Test, respond: Respond, timeout = 10_000) {
  const origin = await startOrigin(t, respond)
  const pool = new ConnectionPool(origin.url, {
    dial: plainDial({ host: '127.0.0.1', port: origin.port }, timeout, undefined),
    connections: 1,
    connectionAgeMs: 60_000,
    keepAlive: 4_000,
    keepAliveMax: 30_000,
    maxHeaderSize: 16_384,
    sweep: { add: () => {}, delete: () => {} }
  })
  t.teardown(() => pool.close())
  /** Resolves with the body, or with why there is none. */
  const ask = (own: Partial<Recipient> = {}, method = 'GET') => {
    let body = ''
    return new Promise<string>(resolve => {
      const control = pool.dispatch(
        { path: '/', method, fields: [], body: null, strip: nothingStripped },
        {
          ...deaf(),
          onResponseData: (_, chunk) => {
            body += chunk
          },
          onResponseEnd: () => resolve(body),
          onResponseError: error => resolve(error.message),
          ...own
        }
      )
      t.teardown(() => control.abort(new Error('the test is over')))
    })
  }
  return { pool, origin, ask }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test('a connection that was paused amid the end of an answer serves the next', async t => {
  const { ask, origin } = await poolOf(t, () => ok)
  let ended = false
  void ask({
    onResponseData: control => control.pause(),
    onResponseEnd: () => {
      ended = true
    }
  })
  await until(() => ended, 'the first is over')
  t.equal(await ask(), 'ok')
  t.equal(origin.connections(), 1)
})

t.test('a timeout of 0 is none', async t => {
  const { ask } = await poolOf(t, () => ok, 0)
  t.equal(await ask(), 'ok')
})

t.test('a header without an end is given up, whatever part of it has none', async t => {
  for (const [what, head] of [
    ['phrase', 'HTTP/1.1 200 '],
    ['name', 'HTTP/1.1 200 OK\r\nX'],
    ['value', 'HTTP/1.1 200 OK\r\nX: '],
    ['trailer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ']
  ] as const) {
    const { ask } = await poolOf(t, () => `${head}${'a'.repeat(1_000_000)}`)
    t.match(await ask(), 'Headers Overflow', what)
  }
})

t.test('an answer that nobody asked for is never that of the next request', async t => {
  const { ask, origin } = await poolOf(t, (_, socket) => {
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 10)
    return ok
  })
  t.equal(await ask(), 'ok')
  await until(() => origin.open.size === 0, 'it is closed')
  t.equal(await ask(), 'ok')
  const { ask: again } = await poolOf(t, () => `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
  t.equal(await again(), 'ok')
  t.equal(await again(), 'ok')
})

t.test(
  'an answer that ends with its connection is whole where that ends, and not where it is reset',
  async t => {
    for (const [how, said] of [
      ['end', 'half'],
      ['resetAndDestroy', /ECONNRESET/]
    ] as const) {
      for (const more of ['', 'Connection: close\r\n', 'Connection: keep-alive\r\n']) {
        const { ask } = await poolOf(t, (_, socket) => {
          socket.write(`HTTP/1.1 200 OK\r\n${more}\r\nhalf`)
          setTimeout(() => socket[how](), 20)
          return undefined
        })
        t.match(await ask(), said, `${how} ${more}`)
      }
    }
  }
)

t.test('HEAD, 204 and 304 have no body, whatever they say of it', async t => {
  for (const [method, head] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil']
  ] as const) {
    const { ask } = await poolOf(t, () => head)
    t.equal(await ask({}, method), '', head)
    t.equal(await ask({}, method), '', 'and the next has its own')
  }
})

t.test('a request that is given up at any point leaves nothing behind', async t => {
  for (const [when, what] of [
    ['at once', 'now'],
    ['with its connection', 'onRequestStart'],
    ['with the header of its answer', 'onResponseStart'],
    ['amid its answer', 'onResponseData'],
    ['as it waits', 'later']
  ] as const) {
    const { pool, origin, ask } = await poolOf(t, () => ok)
    const reason = new Error('given up')
    const told: Error[] = []
    const give = (control: Control) => control.abort(reason)
    const before = what === 'later' ? ask() : undefined
    const control = pool.dispatch(
      { path: '/', method: 'POST', fields: [], body: null, strip: nothingStripped },
      {
        ...deaf(),
        ...(what === 'now' || what === 'later' ? {} : { [what]: give }),
        onResponseEnd: () => told.push(new Error('it ended')),
        onResponseError: error => told.push(error)
      }
    )
    if (what === 'now' || what === 'later') control.abort(reason)
    t.equal(await before, before && 'ok')
    await until(() => told.length > 0 && pool.stats.running === 0, when)
    control.abort(new Error('again'))
    t.strictSame(told, [reason], when)
    t.equal(pool.stats.pending, 0, when)
    t.equal(await ask(), 'ok', when)
    t.ok(origin.connections() <= 2, when)
  }
})

t.test('after an answer that came before the body was in, the connection serves nobody', async t => {
  const { pool, origin, ask } = await poolOf(t, () => ok)
  const body = new PassThrough()
  let ended = false
  const fields = ['Content-Length', '10']
  pool.dispatch(
    { path: '/', method: 'POST', fields, body, strip: nothingStripped },
    {
      ...deaf(),
      onResponseEnd: () => {
        ended = true
      }
    }
  )
  body.write('half')
  await until(() => origin.open.size === 1, 'it is under way')
  for (const socket of origin.open) socket.write(ok)
  await until(() => ended, 'it is answered')
  t.equal(await ask(), 'ok')
  t.equal(origin.connections(), 2)
  body.end('rest')
  await until(() => body.readableEnded, 'what is left of the body is taken, and goes nowhere')
})
