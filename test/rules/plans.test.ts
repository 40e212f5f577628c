// Who decides for one request, and whose state that is: by the clock of the test.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadRules } from '../../src/rules/load.ts'
import type { Rules, Tags } from '../../src/rules/rules.ts'
import { target } from '../route/match.ts'
import { folderOf } from './rule-files.ts'

const base: Tags = new Map([['service.tag', 'base']])
const gray: Tags = new Map([['service.tag', 'gray']])
const none: Tags = new Map()

function world(t: Test, sampling: string) {
  const file = join(
    folderOf(t, {
      'rules.yaml': `
sampling: ${sampling}
upstreams:
  both:
    targets:
      - { url: http://a, tags: { service.tag: base } }
      - { url: http://b, tags: { service.tag: gray } }
  one: { targets: [{ url: http://c }] }
routes:
  - { name: a, match: { path: /a/** }, upstream: both }
  - { name: b, match: { path: /b/** }, upstream: one }
  - { name: ratio, match: { path: /ratio }, upstream: both, sampling: { rate: 20% } }
`
    }),
    'rules.yaml'
  )
  const clock = { now: 0 }
  const loaded = loadRules(file, {}, {}, () => clock.now)
  if ('complaints' in loaded) throw new Error(JSON.stringify(loaded.complaints))
  const { rules } = loaded
  return { clock, rules, plan: (line: string, tags: Tags) => planOf(rules, line, tags) }
}

function planOf(rules: Rules, line: string, tags: Tags) {
  const asked = target(line)
  const route = rules.find(asked)
  if (route === undefined) throw new Error(`no route for ${line}`)
  return route.sampling(asked, tags)
}

function ratesOf(rules: Rules, name: string) {
  return new Map(rules.routes.find(route => route.name === name)?.rates())
}

t.test(
  'an adaptive rate is learned by each route and each tag apart, and a rate below puts it out',
  async t => {
    const { clock, rules, plan } = world(t, '{ adaptive: { target: 1/s } }')
    t.strictSame(
      ratesOf(rules, 'a'),
      new Map([
        ['base', 0.1],
        ['gray', 0.1]
      ])
    )
    t.strictSame(ratesOf(rules, 'ratio'), new Map([['', 0.2]]))
    for (let n = 0; n < 2000; n++) {
      clock.now += 10
      plan('GET /a/1', base).sampler.sample('00000000000000')
      if (n % 100 === 0) plan('GET /a/1', gray).sampler.sample('00000000000000')
    }
    const rates = ratesOf(rules, 'a')
    t.ok(Math.abs((rates.get('base') ?? 0) - 0.01) < 0.001, 'a hundred a second')
    t.equal(rates.get('gray'), 1, 'one a second')
    t.equal(ratesOf(rules, 'b').get(''), 0.1, 'nothing came there')
  }
)

t.test('a rule has a state of its own for each tag, shared by all routes', async t => {
  const { plan } = world(t, '{ rules: [{ match: {}, adaptive: { target: 1/s } }] }')
  t.equal(plan('GET /a/1', base).sampler, plan('GET /ratio', base).sampler)
  t.not(plan('GET /a/1', base).sampler, plan('GET /a/1', gray).sampler)
})

t.test('a plan is made once', async t => {
  const { plan } = world(t, '{ boost: {}, rules: [{ match: { method: PUT }, rate: 50% }] }')
  t.equal(plan('GET /a/1', base), plan('GET /a/2', base))
  t.equal(plan('PUT /a/1', base), plan('PUT /a/2', base))
  t.not(plan('GET /a/1', base), plan('GET /a/1', gray))
  const { plan: stateless } = world(t, '{ rate: 50% }')
  t.equal(stateless('GET /a/1', base), stateless('GET /a/1', gray), 'without state tags make no difference')
})

t.test('an error boosts its own route and tag, under whatever rule', async t => {
  const { rules, plan } = world(
    t,
    '{ rate: 1%, boost: { requests: 2 }, rules: [{ match: { method: PUT }, rate: 2% }] }'
  )
  rules.find(target('GET /a/1'))?.failed(gray)
  t.equal(plan('GET /a/1', base).boost(), false)
  t.equal(plan('GET /b/1', none).boost(), false)
  t.equal(plan('PUT /a/1', gray).boost(), true)
  t.same([plan('GET /a/1', gray).boost(), plan('GET /a/1', gray).boost()], [true, false])
})

t.test('what a rule leaves out comes from the top, a ceiling too', async t => {
  const { plan } = world(
    t,
    '{ rate: 1%, at-most: 1/h, parent: cap, rules: [{ match: { method: PUT }, rate: 100% }] }'
  )
  const { sampler, parent } = plan('PUT /a/1', none)
  t.equal(parent, 'cap')
  t.equal(sampler.name, 'at-most')
  t.equal(sampler.rate(), 1)
  t.equal(sampler.sample('ffffffffffffff').keep, true)
  t.equal(plan('GET /b/1', none).sampler.sample('ffffffffffffff').keep, false, 'one for all')
})
