import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadRules } from '../../src/rules/load.ts'
import { install, pathOf, tlsOf } from '../certificates.ts'
import { complaintsOf, folderOf, loaded, minimal } from './rule-files.ts'

t.test('paths begin at the rule file, and every file is watched, right or wrong', async t => {
  const text = `listen: [{ address: ":0", tls: { cert: tls.pem, key: tls.key, client-ca: none.pem } }]\n${minimal}`
  const folder = folderOf(t, { 'rules.yaml': text })
  install('shop', folder)
  const result = loadRules(join(folder, 'rules.yaml'), {})
  t.same(
    result.watch,
    ['rules.yaml', 'none.pem', 'tls.pem', 'tls.key'].map(name => join(folder, name))
  )
  t.match(result, { complaints: [{ path: '.listen[0].tls.client-ca', message: /readable file \(ENOENT\)/ }] })
})

t.test('a key with a passphrase is refused without a question to anybody', async t => {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }
  })
  const key = join(folderOf(t, { 'tls.key': privateKey }), 'tls.key')
  t.match(
    complaintsOf(
      t,
      `listen: [{ address: ":0", tls: { cert: "${pathOf('shop.pem')}", key: "${key}" } }]\n${minimal}`
    ),
    [/\.listen\[0\]\.tls\.key expected a PEM file with a private key, without a passphrase$/]
  )
})

t.test('a file that is half a list of authorities is no list', async t => {
  const ca = readFileSync(pathOf('ca.pem'), 'utf8')
  const broken = ca.replace(/\n[^\n-]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')
  const file = join(folderOf(t, { 'ca.pem': `${ca}${broken}` }), 'ca.pem')
  t.match(complaintsOf(t, `listen: [{ address: ":0", ${tlsOf(`, client-ca: "${file}"`)} }]\n${minimal}`), [
    /client-ca expected a PEM file of certificates of authorities$/
  ])
})

t.test('--listen changes the address, and leaves TLS as it is', async t => {
  const text = `listen: [{ address: ":1", ${tlsOf()} }]\n${minimal}`
  const { rules } = loaded(t, text, {}, { listen: '127.0.0.1:0' })
  t.match(rules.listen, [{ host: '127.0.0.1', port: 0, tls: { client: 'none' } }])
  t.match(loaded(t, minimal, {}, { listen: ':0' }).rules.listen, [{ tls: undefined }])
})

t.test('no key is in what people are shown', async t => {
  const { rules } = loaded(t, `listen: [{ address: ":0", ${tlsOf()} }]\n${minimal}`)
  t.notMatch(JSON.stringify(rules.effective), 'PRIVATE')
})
