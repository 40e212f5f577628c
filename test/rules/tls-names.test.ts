import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { identitiesOf, parseIdentity, serverNamesOf } from '../../src/rules/tls-names.ts'
import { pathOf } from '../certificates.ts'

function certificate(name: string): X509Certificate {
  return new X509Certificate(readFileSync(pathOf(`${name}.pem`)))
}

/** What Node tells of a certificate whose subject and alternative names are these. */
function telling(subjectAltName: string | undefined, subject: string | undefined = undefined) {
  return { subjectAltName, subject }
}

t.test('certificates name their holders: URIs, then DNS names, then the common name', async t => {
  t.same(identitiesOf(certificate('orders')), [
    'spiffe://example.org/ns/shop/sa/orders',
    'orders.shop.svc',
    'CN=orders'
  ])
  t.same(identitiesOf(certificate('legacy')), ['CN=legacy client'])
  t.same(serverNamesOf(certificate('shop')), ['shop.example', 'localhost'])
  t.same(serverNamesOf(certificate('wildcard')), ['*.api.example'])
})

t.test('a certificate for every host below a name names nobody', async t => {
  t.same(identitiesOf(telling('DNS:*.example.org')), [])
})

t.test('whoever has several SPIFFE ids has none', async t => {
  t.same(identitiesOf(telling('URI:spiffe://a/x, URI:spiffe://a/y, DNS:c.example')), ['c.example'])
  t.same(identitiesOf(telling('URI:spiffe://a/x, URI:https://b/y')), [])
  t.same(identitiesOf(telling('URI:https://a/x, URI:https://b/y')), ['https://a/x', 'https://b/y'])
})

t.test('a value cannot pretend to be two, nor a name of another kind', async t => {
  // CVE-2021-44531 to 44533: names that hold what stands between names.
  for (const names of [
    'DNS:"evil.example, URI:spiffe://a/x"',
    'email:"a, URI:spiffe://a/x"',
    'DNS:good.example, URI:"spiffe://a/x\\u0000"',
    'URI:spiffe://a/x"',
    'DNS:a.example,URI:spiffe://a/x',
    'URI:CN=orders',
    'URI:orders.shop.svc',
    'DNS:spiffe://a/x',
    'othername:spiffe://a/x',
    'IP Address:10.0.0.1'
  ]) {
    t.notMatch(identitiesOf(telling(names)).join(), /spiffe|CN=|orders/, names)
  }
})

t.test('a common name is one only when it is the only one, and plain', async t => {
  t.same(identitiesOf(telling(undefined, 'O=CN=orders\nCN=shop')), ['CN=shop'])
  for (const subject of [
    'CN=a\nCN=b',
    'CN=a + OU=b',
    'OU=b + CN=a',
    'CN=a\\0ACN=b',
    'CN=a\\, b',
    'CN=',
    'CN= a',
    `CN=${'a'.repeat(65)}`,
    '',
    undefined
  ]) {
    t.same(identitiesOf(telling(undefined, subject)), [], String(subject))
  }
})

t.test('a URI that leaves its folder is no identity', async t => {
  for (const uri of ['a/../b', 'a/..', './a', 'a/%2e%2E/b', 'a/.%2e%2fb']) {
    t.equal(parseIdentity(`spiffe://example.org/${uri}`), undefined, uri)
  }
  t.equal(parseIdentity('spiffe://example.org/a..b/.c'), 'spiffe://example.org/a..b/.c')
})

t.test('whatever stands in a certificate, its names are bounded, visible and of one kind', async () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom('URI:', 'DNS:', ', ', '"', '\\', 'CN=', '\n', 'spiffe://a/b')
  )
  const text = fc.array(part, { maxLength: 8 }).map(parts => parts.join(''))
  fc.assert(
    fc.property(text, text, (names, subject) => {
      for (const identity of identitiesOf(telling(names, subject))) {
        assert.match(identity, /^[\x20-\x7e]{1,2048}$/)
        assert.equal(parseIdentity(identity), identity)
      }
    })
  )
})
