// What the admin listener says of latencies: the report as it is, and both sides of a rollout beside each other.
import t from 'tap'
import { readReport } from '../../src/gate/report.ts'
import { outcomeOf, routeOf, target } from '../report/outcomes.ts'
import { alone, ask } from './alone.ts'

const sides = 'baseline=service.tag=base&candidate=service.tag=gray'

function served(tag: string, name: string, ms: number) {
  const tagged = { ...target, tags: new Map([['service.tag', tag]]) }
  return outcomeOf({ route: routeOf({ name }) }, { tries: [{ target: tagged, start: 0, end: ms }] })
}

t.test('/api/latency is the report, on one line', async t => {
  const { url, latency } = await alone(t)
  latency.request(served('base', 'orders', 10))
  const { status, headers, text } = await ask(`${url}/api/latency`)
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json')
  t.equal(text.trimEnd().split('\n').length, 1)
  t.ok('snapshot' in readReport('alone', JSON.parse(text)))
  t.match(JSON.parse(text), { instance: 'alone', epoch: 'epoch', series: [{ route: 'orders', count: 1 }] })
})

t.test('/api/compare shows both sides, of one route or of all', async t => {
  const { url, latency } = await alone(t)
  for (const tag of ['base', 'base', 'gray']) latency.request(served(tag, 'orders', 10))
  latency.request(served('base', 'cart', 500))
  const all = await ask(`${url}/api/compare?${sides}`)
  t.equal(all.status, 200)
  t.match(JSON.parse(all.text), { route: null, baseline: { requests: 3 }, candidate: { requests: 1 } })
  const one = JSON.parse((await ask(`${url}/api/compare?route=orders&${sides}`)).text)
  t.match(one, { route: 'orders', baseline: { requests: 2, errors: 0 }, candidate: { requests: 1 } })
  t.ok(Math.abs(one.baseline.p50.value - 10) < 0.1)
  t.match(JSON.parse((await ask(`${url}/api/compare?route=nothing&${sides}`)).text), {
    baseline: { requests: 0, p95: null }
  })
})

t.test('/api/compare says what it expects', async t => {
  const { url, latency } = await alone(t)
  latency.request(served('base', 'orders', 10))
  for (const [query, error] of [
    ['', /^baseline: expected/],
    ['?baseline=base', /^baseline: expected/],
    ['?baseline=service.tag=base', /^candidate: expected/],
    ['?baseline=service.tag=base&candidate=%00', /^candidate: expected/],
    ['?baseline=service.tag=base&candidate=service.tag=base', /both sides/]
  ] as const) {
    const { status, text } = await ask(`${url}/api/compare${query}`)
    t.equal(status, 400, query)
    t.match(JSON.parse(text).error, error)
  }
})
