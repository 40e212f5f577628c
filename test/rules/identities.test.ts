import t from 'tap'
import { createIdentities, parseIdentityRule } from '../../src/rules/identities.ts'

t.test('an identity is meant by its whole name, or by what it is below', async t => {
  const means = createIdentities(['spiffe://example.org/ns/shop/*', 'orders.svc', 'CN=legacy'])
  for (const identity of [
    'spiffe://example.org/ns/shop/sa/orders',
    'spiffe://example.org/ns/shop/x',
    'orders.svc',
    'CN=legacy'
  ]) {
    t.equal(means([identity]), true, identity)
  }
  for (const identity of [
    'spiffe://example.org/ns/shop',
    'spiffe://example.org/ns/shop/',
    'spiffe://example.org/ns/shopping/x',
    'spiffe://example.org.evil/ns/shop/x',
    'https://example.org/ns/shop/x',
    'x.orders.svc',
    'CN=legacy2',
    'orders',
    '*'
  ]) {
    t.equal(means([identity]), false, identity)
  }
})

t.test('any of several will do, and who has none is nobody', async t => {
  const means = createIdentities(['b.svc'])
  t.equal(means(['a.svc', 'b.svc']), true)
  t.equal(means([]), false)
})

t.test('rules name DNS names in any letter case, and stars only at the end of a URI', async t => {
  t.equal(parseIdentityRule('Orders.SVC'), 'orders.svc')
  t.equal(parseIdentityRule('spiffe://example.org/*'), 'spiffe://example.org/*')
  for (const rule of [
    '*',
    '/*',
    'spiffe://*',
    'spiffe:///*',
    'spiffe://example.org*',
    'spiffe://example.org/a*',
    'spiffe://example.org//*',
    'spiffe://example.org/*/b',
    'spiffe://example.org/../*',
    '*.svc',
    'orders.svc/*',
    'CN=*',
    'CN=a/*',
    ''
  ]) {
    t.equal(parseIdentityRule(rule), undefined, rule)
  }
})
