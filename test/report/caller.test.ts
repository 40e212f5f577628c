import t from 'tap'
import { eagleeye } from '../../src/dialects/eagleeye.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { callerOf } from '../../src/report/caller.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import { policyOf } from '../mediate/policies.ts'
import { sw8Field } from '../sw8-wire.ts'
import type { Headers } from '../vectors/vectors.ts'
import { outcomeOf, routeOf, sampled, untraced } from './outcomes.ts'

const route = routeOf({ policy: policyOf({ accept: [w3c, sw8, eagleeye] }) })
const inSw8: Headers = [sw8Field('trace-1', 'segment-1')]
const known = { userAgent: 'okhttp/4.12' }

function called(
  headers: Headers,
  differing: Partial<Outcome> = {},
  trust: 'continue' | 'restart' = 'continue'
) {
  const { by, name, from, stranger } = callerOf(
    outcomeOf({ route, ...known, ...differing }, { headers, trust })
  )
  return [by, name, from, stranger]
}

t.test('a caller is known by what it has proven, then by what it says, then by its software', async t => {
  const all: Headers = [...inSw8, ['baggage', 'service=cart']]
  const identity = 'spiffe://shop/ns/a/sa/cart'
  t.same(called(all, { identity }), ['identity', identity, '', false])
  t.same(called(all), ['dialect', 'front', '', false])
  t.same(called([...sampled, ['baggage', 'tenant=a, service=cart']]), ['baggage', 'cart', '', false])
  t.same(called(sampled), ['agent', 'okhttp', '10.0.0.0/24', false])
})

t.test('a dialect that is not followed lends its name, and EagleEye has one, too', async t => {
  const app: Headers = [
    ['eagleeye-traceid', '0be3e0a917001234567891234e1a2b'],
    ['eagleeye-pappname', 'mall']
  ]
  t.same(called(app).slice(0, 2), ['dialect', 'mall'])
})

t.test('of a stranger nothing is believed but its certificate', async t => {
  t.same(called([...inSw8, ['baggage', 'service=cart']], {}, 'restart'), ['agent', 'okhttp', 'outside', true])
  t.same(called(inSw8, { identity: 'CN=partner' }, 'restart'), ['identity', 'CN=partner', 'outside', true])
  t.match(callerOf(untraced(known)), { by: 'agent', from: 'outside', stranger: true }, 'nobody was asked')
})

t.test('baggage names a service under two keys, whatever stands around them', async t => {
  for (const [list, name] of [
    ['service.name=cart', 'cart'],
    ['a=b,service = cart ;p=1', 'cart'],
    ['service=caf%C3%A9', 'café'],
    [`service=${'x'.repeat(190)}`, 'x'.repeat(50)]
  ] as const) {
    t.same(called([['baggage', list]]).slice(0, 2), ['baggage', name], list)
  }
  for (const list of ['my-service=cart', 'service=', 'service=%1b%5b2J', 'services=cart', 'a=service']) {
    t.same(called([['baggage', list]]).slice(0, 2), ['agent', 'okhttp'], list)
  }
})

t.test('names are cut', async t => {
  const header = `1-${['t', 's'].map(text => Buffer.from(text).toString('base64')).join('-')}-1-${[
    'n'.repeat(300),
    'i',
    'e',
    'p'
  ]
    .map(text => Buffer.from(text).toString('base64'))
    .join('-')}`
  t.same(called([['sw8', header]]).slice(0, 2), ['dialect', 'n'.repeat(50)])
  t.equal(callerOf(outcomeOf({ identity: 'i'.repeat(1000) })).name.length, 256)
})
