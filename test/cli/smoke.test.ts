import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import t from 'tap'
import { help, smoke } from '../../src/cli/smoke.ts'
import { loadPropagators, type Place, type Witnessed, witnessed } from '../../src/echo/propagators.ts'
import { type Header, reader } from '../../src/echo/seen.ts'
import { createEcho } from '../../src/echo/server.ts'
import { holdClosedPort } from '../closed-port.ts'
import { portFor } from '../served.ts'
import { run } from './run.ts'

const propagators = await loadPropagators()
const fields = new Set([...witnessed.flatMap(dialect => propagators[dialect].fields), 'tracestate'])

const echo = await createEcho()
const echoPort = (await echo.listen('127.0.0.1', 0)).port
t.teardown(() => echo.close())

async function listening(server: Server | TcpServer): Promise<string> {
  const port = await portFor(server)
  t.teardown(() => server.close())
  return `http://127.0.0.1:${port}/`
}

/** A server that answers by itself. */
function answers(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return listening(createServer(handle))
}

/** A reverse proxy in front of the echo that rewrites the headers of each request. */
function proxy(rewrite: (headers: readonly Header[]) => readonly Header[]): Promise<string> {
  return answers((incoming, response) => {
    const headers: Header[] = []
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      headers.push([incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? ''])
    }
    const outgoing = request({ host: '127.0.0.1', port: echoPort, path: incoming.url })
    for (const [name, value] of rewrite(headers)) outgoing.appendHeader(name, value)
    outgoing.on('response', answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    outgoing.end()
  })
}

function received(headers: readonly Header[]): Place {
  const read = reader(headers)
  for (const dialect of witnessed) {
    const place = propagators[dialect].extract(read)
    if (place !== null) return place
  }
  throw new Error('no context')
}

/** A faithful mediator, made of OpenTelemetry's propagators; `change` makes it less faithful. */
function mediator(
  emit: readonly Witnessed[],
  change: (place: Place) => Place = place => place,
  drop: (place: Place, dialect: Witnessed) => boolean = () => false
): Promise<string> {
  return proxy(headers => {
    const place = change(received(headers))
    const rest = headers.filter(([name]) => !fields.has(name.toLowerCase()))
    const set = emit.filter(dialect => !drop(place, dialect))
    return [...rest, ...set.flatMap(dialect => propagators[dialect].inject(place))]
  })
}

function child(place: Place): Place {
  return { ...place, spanId: '00f067aa0ba902b7' }
}

t.test('a faithful mediator is whole', async t => {
  const { code, stdout, stderr } = await run(smoke, [await mediator(witnessed, child)])
  t.equal(stderr, '')
  t.equal(code, 0)
  const lines = stdout.split('\n')
  t.match(lines[2], /^in \\ out +w3c +b3 +b3multi +jaeger$/)
  for (const dialect of witnessed) {
    t.ok(
      lines.some(line => new RegExp(`^${dialect}( +whole){4}$`).test(line)),
      dialect
    )
  }
  t.match(stdout, 'a new span, so the gateway is in the trace')
  t.match(
    stdout,
    /\nwhole: every trace continued, from w3c, b3, b3multi, jaeger to w3c, b3, b3multi, jaeger\n$/
  )
  t.notMatch(stdout, 'sampling decision')
})

t.test(
  'a mediator with one dialect out is whole in one column, and seen to be a transparent hop',
  async t => {
    const { code, stdout } = await run(smoke, [await mediator(['b3multi'])])
    t.equal(code, 0)
    t.match(stdout, /\nin \\ out +b3multi\n/)
    t.match(stdout, 'transparent hop')
  }
)

t.test('a pass-through proxy is broken for all but the diagonal', async t => {
  const { code, stdout } = await run(smoke, [await proxy(headers => headers)])
  t.equal(code, 1)
  t.match(stdout, /\nb3 +missing +whole +missing +missing\n/)
  t.match(stdout, 'w3c → b3, b3multi, jaeger (missing)')
  t.notMatch(stdout, 'did not arrive:')
})

t.test('one dialect alone through a pass-through proxy is whole', async t => {
  const { code } = await run(smoke, [await proxy(headers => headers), '--dialects', 'jaeger'])
  t.equal(code, 0)
})

const stripped: readonly (readonly [Witnessed, string])[] = [
  ['w3c', 'traceparent'],
  ['b3', 'b3'],
  ['b3multi', 'x-b3-traceid'],
  ['b3multi', 'x-b3-spanid'],
  ['jaeger', 'uber-trace-id']
]
for (const [dialect, field] of stripped) {
  t.test(`a proxy that strips ${field} is broken, and the field is named`, async t => {
    const url = await proxy(headers => headers.filter(([name]) => name.toLowerCase() !== field))
    const { code, stdout } = await run(smoke, [url])
    t.equal(code, 1)
    t.match(stdout, `\nsent in ${dialect} but did not arrive: ${field}\n`)
    const alone = await run(smoke, [url, '--dialects', dialect])
    t.equal(alone.code, 1, 'also when it is the only dialect asked')
    t.match(alone.stdout, 'broken: ')
    t.match(alone.stdout, `did not arrive: ${field}\n`)
  })
  t.test(`a mediator whose own ${field} is lost behind it`, async t => {
    const url = await proxy(headers => {
      const place = child(received(headers))
      const rest = headers.filter(([name]) => !fields.has(name.toLowerCase()))
      const set = witnessed.flatMap(out => propagators[out].inject(place))
      return [...rest, ...set.filter(([name]) => name.toLowerCase() !== field)]
    })
    const { code } = await run(smoke, [url])
    // With every field of a dialect gone, the gateway simply does not emit it: nothing tells it from a rule.
    t.equal(code, dialect === 'b3multi' ? 1 : 0)
  })
}

t.test('a proxy that strips x-b3-sampled changes the decision, and the field is named', async t => {
  const url = await proxy(headers => headers.filter(([name]) => name !== 'x-b3-sampled'))
  const { code, stdout } = await run(smoke, [url, '--dialects', 'b3multi'])
  t.equal(code, 0)
  t.match(stdout, 'the sampling decision was changed on the way')
  t.match(stdout, '\nsent in b3multi but did not arrive: x-b3-sampled\n')
})

t.test('a proxy that lets nothing through is broken, with nothing arriving', async t => {
  const url = await proxy(headers => headers.filter(([name]) => !fields.has(name.toLowerCase())))
  const { code, stdout } = await run(smoke, [url, '--dialects', 'w3c,b3'])
  t.equal(code, 1)
  t.match(stdout, '\nbroken: nothing arrived for w3c, b3\n')
  t.match(stdout, '\nsent in w3c but did not arrive: traceparent\n')
})

t.test('a proxy that restarts traces is broken: the trace id differs', async t => {
  const url = await mediator(witnessed, place => ({ ...place, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }))
  const { code, stdout } = await run(smoke, [url])
  t.equal(code, 1)
  t.match(stdout, /\nw3c( +broken: trace id differs){4}\n/)
  t.match(stdout, 'w3c → w3c, b3, b3multi, jaeger (trace id differs)')
})

t.test('one pair that restarts is named alone', async t => {
  const url = await proxy(headers => {
    const place = received(headers)
    const b3 = headers.some(([name]) => name === 'b3')
    const jaeger = propagators.jaeger.inject(b3 ? { ...place, traceId: 'f'.repeat(32) } : place)
    const rest = headers.filter(([name]) => !fields.has(name.toLowerCase()))
    return [...rest, ...propagators.w3c.inject(place), ...jaeger]
  })
  const { code, stdout } = await run(smoke, [url])
  t.equal(code, 1)
  t.match(stdout, '\nbroken: b3 → jaeger (trace id differs)\n')
})

t.test('a field that arrives twice, or holds no context, is broken: unreadable', async t => {
  const twice = await proxy(headers => [...headers, ...headers.filter(([name]) => name === 'traceparent')])
  const { code, stdout } = await run(smoke, [twice, '--dialects', 'w3c'])
  t.equal(code, 1)
  t.match(stdout, 'w3c → w3c (unreadable)')
})

t.test('a dialect that is left out for traces that are not sampled is missing when not sampled', async t => {
  const url = await mediator(witnessed, child, (place, dialect) => dialect === 'b3' && !place.sampled)
  const { code, stdout } = await run(smoke, [url, '--dialects', 'jaeger'])
  t.equal(code, 1)
  t.match(stdout, '\nbroken: jaeger → b3 (missing when not sampled)\n')
})

t.test('a changed sampling decision is a note, not a break', async t => {
  const url = await mediator(witnessed, place => ({ ...child(place), sampled: true }))
  const { code, stdout } = await run(smoke, [url, '--dialects', 'w3c'])
  t.equal(code, 0)
  t.match(
    stdout,
    'note: the sampling decision was changed on the way, as rules may ask: w3c → w3c, b3, b3multi, jaeger'
  )
})

t.test('--json prints one object, whatever the verdict', async t => {
  const whole = await run(smoke, [await mediator(['w3c'], child), '--json', '--dialects', 'b3'])
  t.equal(whole.code, 0)
  t.match(JSON.parse(whole.stdout), {
    verdict: 'whole',
    in: ['b3'],
    out: ['w3c'],
    pairs: [{ in: 'b3', out: 'w3c', verdict: 'whole', sampling: 'kept', parent: 'new' }],
    lost: []
  })
  const broken = await run(smoke, [await proxy(headers => headers), '--json'])
  t.equal(broken.code, 1)
  t.match(JSON.parse(broken.stdout), { verdict: 'broken', whole: false })
  const gone = await run(smoke, ['http://127.0.0.1:1', '--json'])
  t.equal(gone.code, 4)
  t.match(JSON.parse(gone.stdout), { verdict: 'unreachable', reason: 'nothing listens on 127.0.0.1:1' })
})

t.test('nothing that listens is exit code 4', async t => {
  const { code, stdout, stderr } = await run(smoke, [`http://127.0.0.1:${await holdClosedPort(t)}/`])
  t.equal(code, 4)
  t.equal(stdout, '')
  t.match(stderr, /^tracebridge smoke: nothing listens on 127\.0\.0\.1:\d+\n$/)
})

const strangers: readonly (readonly [string, number, string])[] = [
  ['HTML', 200, '<html>hello</html>'],
  ['JSON without headers', 200, '{"ok":true}'],
  ['JSON with headers of another shape', 200, '{"headers":{"traceparent":"x"}}'],
  ['JSON with pairs that are not text', 200, '{"headers":[["a",1]]}'],
  ['null', 200, 'null'],
  ['nothing', 204, ''],
  ['an endless answer', 200, ' '.repeat(1_100_000)],
  ['an error', 502, '{"headers":[]}'],
  ['a redirect', 302, '']
]
for (const [name, status, body] of strangers) {
  t.test(`a server that answers ${name} is no echo: exit code 4`, async t => {
    const url = await answers((_, response) => {
      response.writeHead(status, status === 302 ? { location: `http://127.0.0.1:${echoPort}/` } : {})
      response.end(body)
    })
    const { code, stderr } = await run(smoke, [url])
    t.equal(code, 4)
    t.match(stderr, 'its upstream is not a tracebridge echo')
    if (status !== 200) t.match(stderr, `answered ${status}`)
  })
}

t.test('a server that hangs, or stops in the middle of its answer, is exit code 4 in time', async t => {
  const sockets = createTcpServer(socket => socket.on('error', () => {}))
  const silent = await run(smoke, [await listening(sockets), '--timeout', '100ms'])
  t.match(silent, { code: 4, stderr: /did not answer within 100ms\n$/ })
  const half = await answers((_, response) => response.writeHead(200).write('{"headers": ['))
  t.match(await run(smoke, [half, '--timeout', '100ms']), {
    code: 4,
    stderr: /did not answer within 100ms\n$/
  })
})

t.test('a server that does not speak HTTP, or closes at once, is exit code 4', async t => {
  const gibberish = createTcpServer(socket => socket.end('220 mail.example.com ESMTP\r\n'))
  t.match(await run(smoke, [await listening(gibberish)]), { code: 4, stderr: /does not speak HTTP/ })
  const closing = createTcpServer(socket => socket.destroy())
  t.match(await run(smoke, [await listening(closing)]), { code: 4, stderr: /closed the connection/ })
})

t.test('an interrupt ends it', async t => {
  const stop = new AbortController()
  const silent = await listening(createTcpServer(() => stop.abort()))
  t.match(await run(smoke, [silent], stop.signal), { code: 4, stderr: 'tracebridge smoke: interrupted\n' })
})

t.test('wrong usage is exit code 2, and names what is expected', async t => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /expects one URL/],
    [['http://a', 'http://b'], /expects one URL/],
    [['localhost:8080'], /http:\/\//],
    [['http://'], /http:\/\//],
    [['http://a', '--dialects', 'w3c,b4'], /--dialects expects some of w3c,b3,b3multi,jaeger/],
    [['http://a', '--dialects', ''], /--dialects/],
    [['http://a', '--timeout', '5'], /--timeout expects/],
    [['http://a', '--timeout', '0s'], /--timeout expects/],
    [['http://a', '--dialect', 'w3c'], /unknown flag --dialect, expected one of --dialects/]
  ]
  for (const [argv, expected] of cases) {
    const { code, stdout, stderr } = await run(smoke, argv)
    t.equal(code, 2, argv.join(' '))
    t.equal(stdout, '')
    t.match(stderr, expected)
    t.match(stderr, /\nSee tracebridge smoke --help\n$/)
  }
})

t.test('--help prints the help', async t => {
  t.same(await run(smoke, ['--help']), { code: 0, stdout: help, stderr: '' })
})
