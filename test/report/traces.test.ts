import t from 'tap'
import { createTraces, newestTraces } from '../../src/report/traces.ts'
import { outcomeOf, start, target, traceId, untraced } from './outcomes.ts'

t.test('what is held of a trace is what finds it, and nothing that a caller wrote', async t => {
  const traces = createTraces()
  const tries = [{ target: { ...target, tags: new Map([['service.tag', 'gray']]) } }]
  const secrets = {
    path: '/orders/secret',
    query: 'token=secret',
    host: 'secret',
    userAgent: 'secret',
    method: 'SECRET'
  }
  traces.request(outcomeOf({ ...secrets, status: 503, failure: 'UPSTREAM_RESET' }, { tries }), 'error')
  t.same(traces.all(), [
    {
      time: '2026-01-02T03:04:05.006Z',
      traceId,
      route: '/orders/{id}',
      method: '_OTHER',
      template: '/orders/{id}',
      status: 503,
      failure: 'UPSTREAM_RESET',
      durationMs: 12.5,
      reason: 'error',
      dialect: 'w3c',
      upstream: 'orders',
      tags: { 'service.tag': 'gray' }
    }
  ])
  t.notMatch(JSON.stringify(traces.all()), /secret/i)
})

t.test('a trace that began here came by no dialect, and one that was sampled says by whom', async t => {
  const traces = createTraces()
  traces.request(outcomeOf({}, { headers: [] }), undefined)
  traces.request(outcomeOf(), undefined)
  traces.request(untraced(), undefined)
  t.match(traces.all(), [
    { dialect: 'w3c', reason: 'parent' },
    { dialect: null, reason: 'ratio' }
  ])
  t.equal(traces.all().length, 2)
})

t.test('the newest 200 are held, and of several processes the newest of all', async t => {
  const made = (first: number) => {
    const traces = createTraces()
    for (let i = 0; i < 450; i++) traces.request(outcomeOf({ start: start + first + 2 * i }), undefined)
    return traces.all()
  }
  const [even, odd] = [made(0), made(1)]
  t.equal(even.length, 200)
  t.equal(even[0]?.time, new Date(start + 898).toISOString())
  t.equal(even[199]?.time, new Date(start + 500).toISOString())
  const all = newestTraces([even, odd])
  t.same(
    all.slice(0, 3).map(({ time }) => Date.parse(time) - start),
    [899, 898, 897]
  )
  t.equal(all.length, 200)
})
