import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createSecret } from '../../src/rules/secret.ts'
import { showing } from './credentials.ts'

const secret = 'correct-horse-battery'
const header = 'x-gateway-secret'
const knows = createSecret({ kind: 'shared', header, secret })
const signs = createSecret({ kind: 'hmac', header, secret })

const at = 1_790_000_000

type Signed = {
  readonly key?: string
  readonly method?: string
  readonly target?: string
  readonly time?: string
}

/** As a gateway in front signs, by the words of the documentation. */
function signature({
  key = secret,
  method = 'POST',
  target = '/orders?id=7',
  time = String(at)
}: Signed = {}): string {
  return `t=${time},v1=${createHmac('sha256', key).update(`${time}\n${method}\n${target}`).digest('hex')}`
}

function judged(value: string, seconds = at): boolean {
  const now = () => seconds * 1000
  return signs({ ...showing('', [header, value]), method: 'POST', target: '/orders?id=7', now })
}

t.test('a shared secret is known whole or not at all', async t => {
  t.ok(knows(showing('', ['X-Gateway-Secret', secret])))
  const wrong = [
    '',
    secret.slice(1),
    `${secret}x`,
    secret.toUpperCase(),
    `${secret},${secret}`,
    'x'.repeat(9999)
  ]
  for (const given of wrong) t.notOk(knows(showing('', [header, given])), given.slice(0, 50))
  t.notOk(knows(showing('', [header, secret, header, secret])), 'sent twice')
  t.notOk(knows(showing('')), 'not sent')
  t.notOk(knows(showing('', ['x-other', secret])))
})

t.test('a signature holds for its method, its target, its key, and five minutes', async t => {
  t.ok(judged(signature()))
  for (const seconds of [at - 300, at + 300]) t.ok(judged(signature(), seconds))
  for (const seconds of [at - 301, at + 301, 0]) t.notOk(judged(signature(), seconds))
  for (const other of [
    { method: 'GET' },
    { target: '/orders?id=8' },
    { target: '/orders' },
    { key: 'other' }
  ]) {
    t.notOk(judged(signature(other)), JSON.stringify(other))
  }
})

t.test('the time that is signed is the time that counts', async t => {
  t.notOk(judged(signature().replace(String(at), String(at + 400)), at + 400))
})

t.test('what is not quite a signature is none', async t => {
  const good = signature()
  const wrong = [
    '',
    ` ${good}`,
    `${good},`,
    `${good},${good}`,
    good.toUpperCase(),
    good.slice(0, -1),
    good.replace('v1', 'v2'),
    signature({ time: '1e9' }),
    signature({ time: `0${at}` }),
    secret
  ]
  for (const value of wrong) t.notOk(judged(value), value)
})

t.test('no bytes of a caller are a secret that it does not know, and none make it throw', async t => {
  const bytes = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^t=[0-9]{10},v1=[0-9a-f]{64}$/)
  )
  fc.assert(
    fc.property(bytes, value => {
      assert.equal(knows(showing('', [header, value])), false)
      assert.equal(judged(value), false)
    })
  )
  t.pass('whatever the bytes')
})
