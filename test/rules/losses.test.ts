import t from 'tap'
import { dialects } from '../../src/dialects/find.ts'
import { lossesOf } from '../../src/rules/losses.ts'
import { loaded } from './rule-files.ts'

function lost(t: Parameters<typeof loaded>[0], accept: string, emit: string): readonly string[] {
  const text = `accept: [${accept}]
upstreams: { demo: { echo: true, emit: [${emit}] } }
routes: [{ match: {}, upstream: demo }]
`
  return loaded(t, text).rules.routes.flatMap(({ policy }) => lossesOf(policy))
}

t.test('half of a trace id is missed where every emitted dialect has room for half', async t => {
  t.match(lost(t, 'sentry, gcp', 'ot'), [
    'sentry and gcp can carry 128-bit trace ids, ot only 64 bits: the first half is lost, and services behind it show another trace id'
  ])
  t.same(lost(t, 'ot', 'ot'), [])
  t.same(lost(t, 'sentry', 'ot, sentry'), [])
  t.same(lost(t, 'sentry', 'xray'), [])
})

t.test('the ids of a dropped trace are missed where only the decision is said', async t => {
  t.same(
    lost(t, 'elastic', 'instana').filter(words => words.includes('not kept')),
    [
      'elastic can carry the ids of a trace that is not kept, instana only says that it is not: the ids end here'
    ]
  )
  t.same(
    lost(t, 'elastic', 'instana, w3c').filter(words => words.includes('not kept')),
    []
  )
})

t.test('where dropped traces leave nothing on any emitted wire, that is said', async t => {
  const silent = [...dialects.values()].filter(({ carries }) => carries.dropped === 'nothing')
  for (const { name } of silent) {
    t.ok(
      lost(t, 'w3c', name).some(words => /^w3c can say "not kept", .* cannot/.test(words)),
      name
    )
  }
})

t.test('the id of the calling span is missed where paths stand in its place', async t => {
  const named = (accept: string, emit: string) =>
    lost(t, accept, emit).filter(words => words.includes('the span that calls'))
  t.same(named('w3c', 'sofa'), [
    'w3c can name the span that calls, sofa names its place in a path instead: back ends of the two show the call under different ids'
  ])
  t.equal(named('b3', 'eagleeye').length, 1)
  t.same(named('eagleeye', 'sofa'), [])
  t.same(named('w3c', 'sofa, w3c'), [])
})

t.test('what a dialect emits for itself is no loss', async t => {
  for (const name of dialects.keys()) t.same(lost(t, name, name), [], name)
})
