import t, { type Test } from 'tap'
import { tlsWarnings } from '../../src/rules/tls-warnings.ts'
import { pathOf, tlsOf } from '../certificates.ts'
import { loaded, minimal } from './rule-files.ts'

const identity = 'trust: [{ identity: ["spiffe://example.org/*"], context: continue }]'
const ca = `, client-ca: "${pathOf('ca.pem')}"`

function warningsOf(t: Test, tls: string, more: string, now = Date.UTC(2026, 0, 1)): readonly string[] {
  const { rules, settings } = loaded(t, `listen: [{ address: ":0", ${tls} }]\n${more}\n${minimal}`)
  return tlsWarnings(rules, settings, now)
}

t.test('an identity wants a listener that verifies certificates, and the other way round', async t => {
  t.same(warningsOf(t, tlsOf(ca), identity), [])
  t.same(warningsOf(t, tlsOf(), identity), [
    'trust[0]: identity never holds, for no listener has tls.client-ca to verify certificates by'
  ])
  t.same(warningsOf(t, tlsOf(ca), ''), [
    'listen[0]: client certificates are asked for, but no entry of trust has an identity'
  ])
  t.same(warningsOf(t, tlsOf(`${ca}, client: require`), ''), [], 'to require them is use enough')
})

t.test('certificates that end soon, or have ended, are told of', async t => {
  t.same(warningsOf(t, tlsOf('', 'expired'), ''), ['listen[0]: the certificate has expired'])
  t.same(warningsOf(t, tlsOf(), '', Date.UTC(2119, 11, 20)), [
    'listen[0]: the certificate expires on 2120-01-01'
  ])
  t.same(warningsOf(t, tlsOf(), '', Date.UTC(2119, 11, 10)), [])
})

t.test('a certificate that no name leads to is told of', async t => {
  const pair = (name: string) => `{ cert: "${pathOf(`${name}.pem`)}", key: "${pathOf(`${name}.key`)}" }`
  const tls = (...names: string[]) => `tls: { certificates: [${names.map(pair).join(', ')}] }`
  t.same(warningsOf(t, tls('shop', 'wildcard'), ''), [])
  t.same(warningsOf(t, tls('shop', 'renewed'), ''), [
    'listen[0], certificate 2: no caller gets it, for it has no DNS name that one before it has not'
  ])
})
