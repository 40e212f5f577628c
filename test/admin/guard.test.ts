import t from 'tap'
import { type AdminRequest, refusal } from '../../src/admin/guard.ts'

function refused(
  request: Partial<AdminRequest>,
  token: string | undefined = undefined,
  bound = '127.0.0.1'
): number | undefined {
  const whole = { host: '127.0.0.1:9901', origin: undefined, authorization: undefined, ...request }
  return refusal(whole, bound, token)?.status
}

t.test('a Host that is an address, localhost or this listener’s own name may ask', async t => {
  for (const host of [
    '127.0.0.1:9901',
    '127.0.0.1',
    '10.0.0.7:9901',
    '[::1]:9901',
    '[::1]',
    'localhost:9901'
  ]) {
    t.equal(refused({ host }), undefined, host)
  }
  t.equal(refused({ host: 'LOCALHOST:9901' }), undefined)
  t.equal(refused({ host: 'gateway.internal:9901' }, undefined, 'gateway.internal'), undefined)
  t.equal(refused({ host: 'gateway.internal:9901' }, undefined, 'Gateway.Internal'), undefined)
})

t.test('any other name may have been rebound', async t => {
  for (const host of [
    'evil.example',
    'evil.example:9901',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:127.0.0.1',
    '127.0.0.1@evil.example',
    '::1',
    '[::1',
    '',
    ':9901',
    undefined
  ]) {
    t.equal(refused({ host }), 403, String(host))
  }
})

t.test('a page of this listener may ask, a page of another origin may not', async t => {
  t.equal(refused({ origin: 'http://127.0.0.1:9901' }), undefined)
  for (const origin of [
    'http://evil.example',
    'https://127.0.0.1:9901',
    'http://127.0.0.1:9902',
    'http://127.0.0.1',
    'null',
    ''
  ]) {
    t.equal(refused({ origin }), 403, origin)
  }
})

t.test('with a token, it has to be shown', async t => {
  t.equal(refused({ authorization: 'Bearer open-sesame' }, 'open-sesame'), undefined)
  t.equal(refused({ authorization: 'bearer open-sesame' }, 'open-sesame'), undefined)
  for (const authorization of [
    undefined,
    '',
    'open-sesame',
    'Bearer ',
    'Bearer',
    'Bearer open-sesam',
    'Bearer open-sesame2',
    'Bearer Open-Sesame',
    'Basic open-sesame'
  ]) {
    t.equal(refused({ authorization }, 'open-sesame'), 401, String(authorization))
  }
})

t.test('the right token does not help a rebound name or a foreign page', async t => {
  const authorization = 'Bearer open-sesame'
  t.equal(refused({ authorization, host: 'evil.example' }, 'open-sesame'), 403)
  t.equal(refused({ authorization, origin: 'http://evil.example' }, 'open-sesame'), 403)
})
