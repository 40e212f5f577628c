import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadRules } from '../../src/rules/load.ts'
import { warningsOf } from '../../src/rules/warnings.ts'
import { install, pathOf } from '../certificates.ts'
import { folderOf, loaded } from './rule-files.ts'

const rulesWith = (tls: string) => `
upstreams: { orders: { targets: [{ url: "https://orders:8443" }], tls: { ${tls} } } }
routes: [{ match: {}, upstream: orders }]
`

function pair(name: string): string {
  return `cert: "${pathOf(`${name}.pem`)}", key: "${pathOf(`${name}.key`)}"`
}

function tlsOf(t: Test, text: string) {
  return loaded(t, rulesWith(text)).rules.upstreams.get('orders')?.tls
}

t.test('paths begin at the rule file, and every file is watched, right or wrong', async t => {
  const folder = folderOf(t, { 'rules.yaml': rulesWith('ca: none.pem, cert: tls.pem, key: tls.key') })
  install('orders', folder)
  const result = loadRules(join(folder, 'rules.yaml'), {})
  t.same(
    result.watch,
    ['rules.yaml', 'none.pem', 'tls.pem', 'tls.key'].map(name => join(folder, name))
  )
  t.match(result, { complaints: [{ path: '.upstreams.orders.tls.ca', message: /readable file \(ENOENT\)/ }] })
})

t.test('whatever differs is another identity', async t => {
  const texts = [
    '',
    'verify: false',
    'server-name: a',
    `ca: "${pathOf('ca.pem')}"`,
    `ca: "${pathOf('other-ca.pem')}"`,
    pair('orders'),
    pair('legacy')
  ]
  const identities = texts.map(text => tlsOf(t, text)?.identity)
  t.equal(new Set(identities).size, texts.length)
  t.equal(tlsOf(t, pair('orders'))?.identity, identities[5], 'and the same is the same')
  t.equal(tlsOf(t, 'server-name: Orders.Example')?.serverName, 'orders.example')
})

t.test('no key is in what people are shown', async t => {
  const { rules } = loaded(t, rulesWith(pair('orders')))
  t.notMatch(JSON.stringify(rules.effective), 'PRIVATE')
  t.match(JSON.stringify(rules.effective), 'orders.key')
})

t.test('verify: false is warned of', async t => {
  t.match(
    warningsOf(loaded(t, rulesWith('verify: false'))).join('\n'),
    /upstream orders: with verify: false any certificate/
  )
  t.notMatch(warningsOf(loaded(t, rulesWith(''))).join('\n'), /certificate/)
})
