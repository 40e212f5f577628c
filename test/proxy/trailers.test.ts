import t from 'tap'
import { isEndless } from '../../src/proxy/endless.ts'
import { waits } from '../../src/proxy/hints.ts'
import { linksOf, trailersOf, wantsTrailers } from '../../src/proxy/trailers.ts'

t.test('who reads trailers says so among what else it reads', async t => {
  for (const te of ['trailers', 'Trailers', 'gzip, trailers', 'trailers,deflate;q=0.5']) {
    t.ok(wantsTrailers(['TE', te]), te)
  }
  for (const te of ['', 'gzip', 'trailersx', 'x-trailers', 'trailers;q=0'])
    t.notOk(wantsTrailers(['TE', te]), te)
  t.notOk(wantsTrailers([]))
})

t.test('no trailer passes that would change how the answer is read', async t => {
  const raw = [
    'X-Sum',
    '7',
    'Set-Cookie',
    'a=b',
    'content-type',
    'a/b',
    'Access-Control-Allow-Origin',
    '*',
    'x-sum',
    '8'
  ]
  t.same(trailersOf(raw), [
    ['X-Sum', '7'],
    ['x-sum', '8']
  ])
})

t.test('of hints only links are handed on', async t => {
  t.same(linksOf(['Link', '</a>; rel=preload', 'Set-Cookie', 'a=b', 'link', '</b>', 'Link', 'x\r\ny']), [
    '</a>; rel=preload',
    '</b>'
  ])
})

t.test('nobody of HTTP/1.0 waits for 100', async t => {
  t.ok(waits('1.1', '100-Continue'))
  t.ok(waits('2', '100-continue'))
  t.notOk(waits('1.0', '100-continue'))
  t.notOk(waits('1.1', undefined))
  t.notOk(waits('1.1', '200-ok'))
})

t.test('events and calls may be silent', async t => {
  for (const type of ['text/event-stream', 'Text/Event-Stream; charset=utf-8', 'application/grpc+proto']) {
    t.ok(isEndless(type), type)
  }
  for (const type of [undefined, '', 'text/plain', 'text/event-streams', 'application/grpc-web']) {
    t.notOk(isEndless(type), String(type))
  }
})
