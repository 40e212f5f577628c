// Requests that would have the gateway call somebody whom no rule names.
import t, { type Test } from 'tap'
import { type Origin, startOrigin } from '../origin.ts'
import { connectRaw, statusOf } from '../raw.ts'
import { run } from '../running.ts'

const upgrading =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

type Behind = { readonly port: number; readonly origin: Origin; readonly elsewhere: Origin }

async function behind(t: Test): Promise<Behind> {
  const origin = await startOrigin(t)
  const elsewhere = await startOrigin(t)
  const { port } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin, upgrade: [websocket] }]
`
  )
  return { port, origin, elsewhere }
}

/**
 * CVE-2026-44578 (GHSA-c4j6-fc7j-m34r, Next.js). The target in full chose where a request for WebSocket was sent, past
 * all that was checked of others: the cloud's metadata, or any host inside. One function routes both here.
 */
t.test('CVE-2026-44578: a target in full chooses no upstream, with Upgrade or without', async t => {
  const { port, origin, elsewhere } = await behind(t)
  for (const authority of ['169.254.169.254', `127.0.0.1:${elsewhere.port}`, `localhost:${elsewhere.port}`]) {
    for (const scheme of ['http', 'https', 'ws']) {
      for (const more of ['', upgrading]) {
        const client = await connectRaw(t, port)
        client.send(`GET ${scheme}://${authority}/latest/meta-data/ HTTP/1.1\r\nHost: a\r\n${more}\r\n`)
        t.equal(
          statusOf(await client.answer()),
          400,
          `${scheme}://${authority} ${more === '' ? '' : 'upgrading'}`
        )
        await client.over
      }
    }
  }
  t.equal(origin.requests.length, 0)
  t.equal(elsewhere.connections(), 0)
})

t.test('a Host of somebody else’s goes where the route says, in full or not', async t => {
  const { port, origin, elsewhere } = await behind(t)
  const authority = `127.0.0.1:${elsewhere.port}`
  for (const target of ['/x', `http://${authority}/x`]) {
    const client = await connectRaw(t, port)
    client.send(`GET ${target} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    t.equal(statusOf(await client.answer()), 200)
    t.equal(origin.last().start, 'GET /x HTTP/1.1')
  }
  t.equal(elsewhere.connections(), 0)
})

/**
 * GHSA-2q7r-29rg-6m5h and GHSA-v574-6498-x57v (reply-from). The path was joined to the upstream's URL, or to the key of a
 * cache of URLs, so that a path could become another host. Here it is never a part of a URL.
 */
t.test('GHSA-2q7r-29rg-6m5h, GHSA-v574-6498-x57v: no path becomes a host', async t => {
  const { port, origin, elsewhere } = await behind(t)
  const authority = `127.0.0.1:${elsewhere.port}`
  for (const target of [
    `//${authority}/x`,
    `/@${authority}/x`,
    `/:80@${authority}/`,
    `///${authority}`,
    `/\\${authority}`
  ]) {
    const client = await connectRaw(t, port)
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    t.equal(statusOf(await client.answer()), 200)
    t.equal(origin.last().start, `GET ${target} HTTP/1.1`)
  }
  t.equal(elsewhere.connections(), 0)
})

/**
 * CVE-2026-1527 (undici). What a caller wrote into Upgrade was written into the upstream's header as it was, line ends
 * and all. Nothing of the field goes on here: it says websocket or is not there.
 */
t.test('CVE-2026-1527: nothing of Upgrade goes on', async t => {
  const { port, origin } = await behind(t)
  for (const value of ['foo\rX-Evil: 1', 'foo\nX-Evil: 1', 'foo\r\n X-Evil: 1', 'foo\0bar']) {
    const client = await connectRaw(t, port)
    client.send(`GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${value}\r\n\r\n`)
    t.equal(statusOf(await client.answer()), 400)
  }
  t.equal(origin.requests.length, 0)
  const client = await connectRaw(t, port)
  client.send('GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\xe9, h2c\r\n\r\n')
  t.equal(statusOf(await client.answer()), 200)
  t.notMatch(origin.last().head, /upgrade|foo/i)
})

/** CVE-2018-14773. Some servers route by these fields in place of the path that was checked. */
t.test('CVE-2018-14773: a stranger’s word for the path does not pass', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
trust: [{ from: any, context: restart }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const client = await connectRaw(t, port)
  client.send(
    'GET /x HTTP/1.1\r\nHost: a\r\nX-Original-URL: /blockedz\r\nX-Rewrite-URL: /blockedz\r\nX_Original_URL: /blockedz\r\nX-Forwarded-Prefix: /blockedz\r\n\r\n'
  )
  t.equal(statusOf(await client.answer()), 200)
  t.notMatch(origin.last().head, /blockedz/)
})
