// Answers as llhttp reads them, however their bytes are cut, and beside what node:http makes of the same bytes.
import { get } from 'node:http'
import { createServer } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { AnswerParser, type Next } from '../../src/proxy/h1-parser.ts'
import { portFor } from '../served.ts'

type Heard = {
  readonly heads: { status: number; phrase: string; fields: readonly string[]; keepAlive: boolean }[]
  body: string
  trailers: readonly string[] | undefined
  ends: number
}

function listen(due = 1, next: Next = 'body') {
  const heard: Heard = { heads: [], body: '', trailers: undefined, ends: 0 }
  const parser = new AnswerParser(
    {
      answerBegins: () => heard.ends < due,
      answerHead: ({ status, phrase, fields, keepAlive }) => {
        heard.heads.push({ status, phrase, fields, keepAlive })
        return next
      },
      answerBody: chunk => {
        heard.body += chunk.toString('latin1')
      },
      answerEnds: trailers => {
        heard.ends++
        heard.trailers = trailers
      }
    },
    1024
  )
  return { heard, parser }
}

function read(bytes: string, cuts: readonly number[] = []) {
  const { heard, parser } = listen()
  const all = Buffer.from(bytes, 'latin1')
  let error: Error | undefined
  let from = 0
  for (const cut of [...cuts, all.length].sort((a, b) => a - b)) {
    const to = Math.min(cut, all.length)
    if (to > from && error === undefined) error = parser.read(all.subarray(from, to))
    from = Math.max(from, to)
  }
  parser.free()
  return { ...heard, error }
}

const chunked =
  'HTTP/1.1 207 Multi Status\r\nX-Empty:\r\nx-spaces: \t a b \t\r\nSet-Cookie: a\r\nSet-Cookie: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\nX-None:\r\n\r\n'

t.test('names, repeats, empty and latin1 values, chunks and trailers come as they are', async t => {
  const { heads, body, trailers, error } = read(chunked)
  t.equal(error, undefined)
  t.strictSame(heads, [
    {
      status: 207,
      phrase: 'Multi Status',
      fields: [
        ...['X-Empty', '', 'x-spaces', 'a b', 'Set-Cookie', 'a', 'Set-Cookie', '\xe9'],
        ...['Transfer-Encoding', 'chunked']
      ],
      keepAlive: true
    }
  ])
  t.equal(body, 'abcde')
  t.strictSame(trailers, ['X-Sum', '1', 'X-None', ''])
})

t.test('wherever the bytes are cut, the answer is the same', async t => {
  const whole = read(chunked)
  for (let at = 1; at < chunked.length; at++) t.strictSame(read(chunked, [at]), whole, `at ${at}`)
  t.strictSame(
    read(
      chunked,
      [...chunked].map((_, at) => at)
    ),
    whole,
    'byte by byte'
  )
})

t.test('bytes that no answer is due for are an error, and so is a header without end', async t => {
  const { heard, parser } = listen(1)
  const ok = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  t.match(parser.read(Buffer.concat([ok, ok])), { code: 'UND_ERR_SOCKET' })
  t.equal(heard.ends, 1)
  t.equal(heard.body, 'ok')
  parser.free()
  parser.free()
  t.match(read(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(2000)}\r\n\r\n`).error, {
    code: 'UND_ERR_HEADERS_OVERFLOW'
  })
  const many = `HTTP/1.1 200 OK\r\n${'X-A: aaaaaaaa\r\n'.repeat(200)}\r\n`
  t.match(read(many).error, { code: 'UND_ERR_HEADERS_OVERFLOW' })
})

t.test('a header ends with an empty line, and with nothing that looks like one', async t => {
  const cuts = [1, 17, 36, 37, 38, 39, 40, 41]
  for (const [end, taken] of [
    ['\r\n\r\n', true],
    ['    \r\n\r\n', true],
    ['\r\rX: y\r\n\r\n', false],
    ['\r\n\rX', false],
    ['\r\n\r\r', false],
    ['\r\r\n\n', false],
    ['\n\n', false],
    ['\r\n\n', false]
  ] as const) {
    for (const field of [
      'X-A: abcde',
      'X-Empty-One:',
      'Connection: close',
      'Transfer-Encoding: chunked',
      'Content-Length: 3'
    ]) {
      const { heads, error } = read(`HTTP/1.1 200 OK\r\n${field}${end}`)
      t.strictSame(
        [heads.length, error === undefined],
        taken ? [1, true] : [0, false],
        JSON.stringify(field + end)
      )
      for (const cut of cuts)
        t.equal(read(`HTTP/1.1 200 OK\r\n${field}${end}`, [cut]).heads.length, taken ? 1 : 0)
    }
  }
})

t.test('an interim answer and the one behind it may be cut anywhere', async t => {
  for (const hints of ['', 'Link: </a>\r\n', 'X-A:\r\n']) {
    for (const status of ['HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.1 200 OK']) {
      const bytes = Buffer.from(`HTTP/1.1 103 Early\r\n${hints}\r\n${status}\r\nContent-Length: 0\r\n\r\n`)
      const wrong: string[] = []
      for (let first = 1; first < bytes.length; first++) {
        for (const second of [first + 1, first + 2, first + 5, bytes.length]) {
          const { parser, heard } = listen(2)
          const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
          const [error] = parts.flatMap(part => (part.length === 0 ? [] : (parser.read(part) ?? [])))
          if (error !== undefined || heard.heads[1]?.status !== 200)
            wrong.push(`${first}, ${second}: ${error}`)
          parser.free()
        }
      }
      t.same(wrong, [], `${status} behind ${JSON.stringify(hints)}`)
    }
  }
})

t.test('blanks are bytes of a header as well, wherever nothing else is', async t => {
  for (const begun of [
    'HTTP/1.1 200 OK\r\nX-A:',
    'HTTP/1.1 200 OK\r\nX-A: b',
    'HTTP/1.1 200 OK\r\nContent-Length: 1'
  ]) {
    const { parser } = listen()
    let error = parser.read(Buffer.from(begun))
    let bytes = 0
    for (; error === undefined && bytes < 100_000; bytes += 100) error = parser.read(Buffer.alloc(100, ' '))
    t.match(error, { code: 'UND_ERR_HEADERS_OVERFLOW' }, begun)
    t.ok(bytes < 2000, `${bytes} were taken`)
    parser.free()
  }
})

t.test('what is thrown by who hears it is given back, and harms no other', async t => {
  const broken = new AnswerParser(
    {
      answerBegins: () => true,
      answerHead: () => {
        throw new Error('not so')
      },
      answerBody: () => {},
      answerEnds: () => {}
    },
    1024
  )
  t.match(broken.read(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), { message: 'not so' })
  broken.free()
  t.equal(read(chunked).body, 'abcde')
})

t.test('an answer without a length is whole when the other side ends, and no other is', async t => {
  const open = listen()
  open.parser.read(Buffer.from('HTTP/1.1 200 OK\r\n\r\nsome'))
  t.equal(open.heard.ends, 0)
  t.equal(open.parser.finish(), undefined)
  t.strictSame([open.heard.ends, open.heard.body], [1, 'some'])
  open.parser.free()
  const cut = listen()
  cut.parser.read(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome'))
  t.ok(cut.parser.finish())
  t.equal(cut.heard.ends, 0)
  cut.parser.free()
})

t.test('more than one window of bytes is read as one', async t => {
  const body = 'x'.repeat(200_000)
  t.equal(read(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`).body, body)
})

/** What node:http makes of the same bytes; undefined where it refuses them. */
async function nodeReads(
  t: Test
): Promise<(bytes: string) => Promise<{ status: number; body: string } | undefined>> {
  let bytes = ''
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(bytes, 'latin1'))
  })
  const port = await portFor(server)
  t.teardown(() => server.close())
  return async next => {
    bytes = next
    return new Promise(resolve => {
      const request = get({ port, host: '127.0.0.1', agent: false }, response => {
        let body = ''
        response.setEncoding('latin1')
        response.on('data', chunk => {
          body += chunk
        })
        response.on('error', () => resolve(undefined))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
      request.on('error', () => resolve(undefined))
    })
  }
}

t.test(
  'of damaged answers none is taken that node:http refuses, and none is read in another way',
  async t => {
    const reads = await nodeReads(t)
    const piece = fc.constantFrom(
      ...[
        '\r\n',
        '\n',
        '\r',
        ' ',
        '\t',
        '\0',
        ':',
        ',',
        '0',
        '5',
        'chunked',
        '\x0b',
        '\xff',
        'HTTP/1.1 200 OK\r\n'
      ],
      ...['Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: gzip\r\n', 'x']
    )
    const whole = fc.constantFrom(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      'HTTP/1.0 404 Not Found\r\nX-A: b\r\n\r\nhello'
    )
    let taken = 0
    await fc.assert(
      fc.asyncProperty(whole, piece, fc.nat(70), fc.nat(3), async (bytes, put, at, gone) => {
        const damaged = bytes.slice(0, at) + put + bytes.slice(at + gone)
        const { heard, parser } = listen()
        const error =
          parser.read(Buffer.from(damaged, 'latin1')) ?? (heard.ends === 0 ? parser.finish() : undefined)
        parser.free()
        if (error !== undefined || heard.ends === 0) return
        taken++
        const other = await reads(damaged)
        t.strictSame({ status: heard.heads.at(-1)?.status, body: heard.body }, other, JSON.stringify(damaged))
      }),
      { numRuns: 400 }
    )
    t.ok(taken > 30, `${taken} were taken`)
  }
)
