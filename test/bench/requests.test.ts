import t from 'tap'
import { loads, withFields } from './loads.ts'
import { requestsOf } from './requests.ts'

const textOf = (load: (typeof loads)[keyof typeof loads]) => requestsOf(load, 2).map(bytes => `${bytes}`)

t.test('a request has as many fields as its load says', async t => {
  for (const fields of [8, 32, 90]) {
    const [request = ''] = requestsOf(withFields(fields), 1).map(bytes => `${bytes}`)
    t.equal(request.split('\r\n').length - 3, fields)
  }
})

t.test('each request has a trace of its own', async t => {
  const [one, other] = textOf(loads.small).map(text => /traceparent: (.*)\r\n/.exec(text)?.[1])
  t.match(one, /^00-[\da-f]{32}-[\da-f]{16}-03$/)
  t.not(one, other)
})

t.test('a body is as long as it says', async t => {
  const [request = ''] = textOf(loads.post)
  const [head = '', body = ''] = request.split('\r\n\r\n')
  t.match(head, '\r\ncontent-length: 4096')
  t.equal(body.length, 4096)
  t.type(JSON.parse(body).text, 'string')
})

t.test('four dialects say the same trace', async t => {
  const [request = ''] = textOf(loads.four)
  const [, traceId = ''] = /traceparent: 00-([\da-f]{32})/.exec(request) ?? []
  t.match(request, `\r\nb3: ${traceId}-`)
  t.match(request, `\r\nuber-trace-id: ${traceId}:`)
  t.match(request, `\r\nsw8: 1-${Buffer.from(traceId).toString('base64')}-`)
})
