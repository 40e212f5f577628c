import t from 'tap'
import { jaeger } from '../../src/baggage/jaeger.ts'
import { contract, garbledIn, member, pairsRead, read, write } from './contract.ts'

contract(t, jaeger)

t.test('a field is a member, URL-encoded as every client writes it', async t => {
  t.strictSame(
    pairsRead(jaeger, [
      ['Uberctx-Tenant', 'a%20b'],
      ['uberctx-go', 'a+b%2Bc'],
      ['uberctx-half', '100%'],
      ['uberctx-', 'no key'],
      ['uberctx', 'no baggage']
    ]),
    [
      ['tenant', 'a b'],
      ['go', 'a b+c'],
      ['half', '100%']
    ]
  )
})

t.test('a space is %20 and a plus sign %2B, which all clients read alike', async t => {
  t.strictSame(write(jaeger, [member('Key', 'a b+c é')]), [['uberctx-key', 'a%20b%2Bc%20%C3%A9']])
})

t.test('what came by it goes on as it came', async t => {
  const headers = [['uberctx-a', 'x+y%7e']] as const
  t.strictSame(write(jaeger, read(jaeger, headers)), headers)
})

t.test('bytes that are no ASCII are read as UTF-8, and encoded', async t => {
  const headers = [['uberctx-a', Buffer.from('Amélie').toString('latin1')]] as const
  t.strictSame(pairsRead(jaeger, headers), [['a', 'Amélie']])
  t.strictSame(write(jaeger, read(jaeger, headers)), [['uberctx-a', 'Am%C3%A9lie']])
  t.strictSame(pairsRead(jaeger, [['uberctx-a', '\xff\u65e5']]), [['a', '\xff\u65e5']], 'no bytes at all')
})

t.test('jaeger-baggage is read beside it and written as propagated baggage', async t => {
  const headers = [
    ['jaeger-baggage', ' k1 = v1, k2=v%202 ,=x,junk, tenant=by-hand'],
    ['uberctx-tenant', 'propagated']
  ] as const
  t.strictSame(pairsRead(jaeger, headers), [
    ['tenant', 'propagated'],
    ['k1', 'v1'],
    ['k2', 'v 2']
  ])
  t.strictSame(write(jaeger, read(jaeger, headers)), [
    ['uberctx-tenant', 'propagated'],
    ['uberctx-k1', 'v1'],
    ['uberctx-k2', 'v%202']
  ])
  t.strictSame(read(jaeger, [['jaeger-baggage', `a=${'x'.repeat(2000)}`]]), [])
})

t.test('of a field sent twice the last line counts', async t => {
  const headers = [
    ['uberctx-a', '1'],
    ['uberctx-A', '2']
  ] as const
  t.strictSame(write(jaeger, read(jaeger, headers)), [['uberctx-a', '2']])
})

t.test('what is no member is said, once', async t => {
  const long = 'k'.repeat(257)
  for (const headers of [
    [['uberctx-', 'no key']],
    [[`uberctx-${long}`, '1']],
    [['jaeger-baggage', 'a=1,junk']],
    [['jaeger-baggage', ' =1']],
    [['jaeger-baggage', `a=${'x'.repeat(2000)}`]],
    [
      ['uberctx-', '1'],
      ['uberctx-', '2'],
      ['jaeger-baggage', 'junk,junk']
    ]
  ] as const) {
    t.strictSame(garbledIn(jaeger, headers), ['jaeger'], JSON.stringify(headers).slice(0, 60))
  }
  t.strictSame(garbledIn(jaeger, [['uberctx', '1']]), [], 'no baggage')
  t.strictSame(
    garbledIn(jaeger, [
      ['uberctx-a', ''],
      ['jaeger-baggage', 'a=1, ,b=,']
    ]),
    [],
    'a key said twice, nothing between commas, a value that is empty'
  )
})
