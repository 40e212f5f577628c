// Valid requests, damaged in every way: the upstream parses those requests that the gateway parsed, and no other.
// For five seconds; FUZZ_MINUTES=60 npx tap test/proxy/fuzz.test.ts --timeout=0 goes on for as long as one likes.
import { createServer, type IncomingMessage } from 'node:http'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { ask, connectRaw, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { serveFor } from '../served.ts'
import { until } from '../until.ts'

const minutes = Number(process.env['FUZZ_MINUTES'] ?? 0)
const timeMs = minutes > 0 ? minutes * 60_000 : 5000

const inner = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const whole: readonly string[] = [
  'GET /x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n',
  'GET http://a/x?y=z HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a/%2e/b//c;d=e/blockedz HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n',
  'GET /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
  `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  `PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)};a=b\r\n${inner}\r\n0\r\nX-Sum: 1\r\n\r\n`,
  'POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab',
  'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, x-a\r\nUpgrade: h2c\r\nX-A: b\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
  'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
]
const pieces: readonly string[] = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    ' ',
    '\t',
    '\0',
    '\x0b',
    '\xff',
    ':',
    ',',
    ';',
    '#',
    '/',
    '//',
    '..',
    '%2e',
    '%2f',
    '%'
  ],
  ...[
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'content-length:3\r\n',
    'Content-Length',
    '5',
    '0',
    '-1',
    '0x',
    '+'
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding:\tchunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'chunked'
  ],
  ...[
    'Transfer-Encoding',
    'identity',
    'Connection: close\r\n',
    'Connection: content-length\r\n',
    'Host: b\r\n',
    'HTTP/1.0'
  ],
  ...[
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    'ffffffff\r\n',
    inner,
    'GET /2 HTTP/1.1\r\n',
    'X-B: c\r\n',
    ' folded\r\n',
    'a'.repeat(70)
  ]
]

const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  take: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
  put: fc.oneof(
    fc.constantFrom('', ...pieces),
    fc.nat(255).map(byte => String.fromCharCode(byte))
  )
})

/** One to three requests on a connection, and what is done to them. */
const connection = fc
  .tuple(
    fc.array(fc.constantFrom(...whole), { minLength: 1, maxLength: 3 }),
    fc.array(damage, { maxLength: 4 })
  )
  .map(([requests, damages]) =>
    damages.reduce((text, { at, take, put }) => {
      const from = Math.floor(at * text.length)
      return text.slice(0, from) + put + text.slice(from + take)
    }, requests.join(''))
  )

type Seen = { readonly serial: number; readonly request: IncomingMessage; body: string }

/** An upstream that parses by itself, counts, and says in its answer which request it took it for. */
async function startParser(t: Test) {
  /** By the address that the caller came from. */
  const seen = new Map<string, Seen[]>()
  const refused: string[] = []
  let serial = 0
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    const caller = oneOf(request, 'x-forwarded-for')?.split(', ').at(-1) ?? ''
    const one: Seen = { serial: serial++, request, body: '' }
    request.setEncoding('latin1').on('data', (text: string) => {
      one.body += text
    })
    request.on('end', () => {
      seen.set(caller, [...(seen.get(caller) ?? []), one])
      response.writeHead(200, { 'X-Serial': one.serial, 'Content-Length': 0 }).end()
    })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The gateway cuts what its caller does not finish.
    if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_EOF_STATE') refused.push(error.message)
    socket.destroy()
  })
  const port = await serveFor(t, server)
  return { url: `http://127.0.0.1:${port}`, seen, refused }
}

function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
}

function oneOf(request: IncomingMessage, name: string): string | undefined {
  return valuesOf(request, name)[0]
}

/** A path, as a server takes it that decodes, cuts and climbs. */
function readable(path: string): string {
  let text = path
  for (let layer = 0; layer < 4; layer++) {
    text = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16))
    )
  }
  const cut = text
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/{2,}/g, '/')
  return URL.parse(`http://a${cut}`)?.pathname ?? cut
}

/** What is wrong with a request as the upstream got it; undefined for nothing. */
function wrongOf({ request, body }: Seen, sent: string): string | undefined {
  for (const name of ['host', 'traceparent', 'via', 'x-forwarded-host']) {
    if (valuesOf(request, name).length !== 1) return `${name} is not there once`
  }
  const framing = [...valuesOf(request, 'content-length'), ...valuesOf(request, 'transfer-encoding')]
  if (framing.length > 1) return 'framed twice'
  if (!/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/.test(oneOf(request, 'traceparent') ?? ''))
    return 'no valid ids'
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(request.url ?? '')) return 'no path'
  if (valuesOf(request, 'upgrade').length > 0) return 'upgrading'
  if (body !== '' && oneOf(request, 'content-length') !== undefined && !sent.includes(body)) {
    // Chunks that go by length are joined.
    if (!/transfer-encoding/i.test(sent)) return 'a body that nobody sent'
  }
  return readable((request.url ?? '').replace(/\?.*$/, '')) === '/blockedz'
    ? 'the forbidden route'
    : undefined
}

t.test('whatever is sent, both ends parse the same requests', { timeout: timeMs + 60_000 }, async t => {
  const parser = await startParser(t)
  const blocked = await startParser(t)
  const gateway = await run(
    t,
    `
upstreams:
  origin: { targets: [{ url: "${parser.url}" }] }
  blocked: { targets: [{ url: "${blocked.url}" }] }
routes:
  - { match: { path: /** }, upstream: origin }
  - { match: { path: /blockedz }, upstream: blocked }
`
  )
  const enough = 10
  let connections = 0
  let parsed = 0

  async function agrees(sent: string): Promise<void> {
    const number = ++connections
    const from = `127.${1 + ((number >> 16) & 127)}.${(number >> 8) & 255}.${number & 255}`
    parser.seen.delete(from)
    const client = await connectRaw(t, gateway.port, { from })
    const answers = () =>
      client.answers
        .filter(answer => statusOf(answer) === 200)
        .map(answer => Number(valueIn(answer, 'x-serial')))
    const seen = () => parser.seen.get(from) ?? []
    let ended = false
    void client.over.then(() => {
      ended = true
    })
    client.send(sent)
    // What waits for more bytes is given none.
    let quiet = 0
    for (let before = -1; !ended && quiet < 4; before = client.text().length) {
      await new Promise(resolve => setTimeout(resolve, 10))
      quiet = client.text().length === before ? quiet + 1 : 0
    }
    await until(() => ended || answers().length >= seen().length, `answers to ${JSON.stringify(sent)}`)
    client.socket.destroy()
    parsed += seen().length
    const serials = seen().map(({ serial }) => serial)
    const wrong = seen()
      .map(one => wrongOf(one, sent))
      .find(each => each !== undefined)
    if (wrong !== undefined) throw new Error(`${wrong}: ${JSON.stringify(sent)}`)
    // They are answered in their order. Of a connection that was cut the last answers may be missing.
    const got = answers()
    const same = got.every((serial, index) => serial === serials[index])
    if (!same || (!ended && got.length !== serials.length))
      throw new Error(`answers ${got}, requests ${serials}: ${JSON.stringify(sent)}`)
  }

  // Where the machine is busy with others, most are given up before they are answered.
  while (parsed <= enough) {
    await fc.assert(
      fc.asyncProperty(fc.array(connection, { minLength: 24, maxLength: 24 }), async all => {
        await Promise.all(all.map(agrees))
      }),
      { numRuns: 1e6, interruptAfterTimeLimit: timeMs, markInterruptAsFailure: false, endOnFailure: true }
    )
  }
  t.comment(`${connections} connections, ${parsed} requests`)
  t.ok(parsed > enough, 'enough of them still were requests')
  t.strictSame(parser.refused, [], 'the upstream was sent nothing that is no HTTP')
  t.strictSame(
    gateway.log.filter(line => line.includes('an exchange failed')),
    []
  )
  t.equal(statusOf(await ask(t, gateway.port)), 200, 'and it still serves')
})
