import t from 'tap'
import { formatAddress, parseAddress } from '../../src/rules/address.ts'

t.test('addresses as people write them', async t => {
  t.same(parseAddress('8080'), { host: '0.0.0.0', port: 8080 })
  t.same(parseAddress(':8080'), { host: '0.0.0.0', port: 8080 })
  t.same(parseAddress('127.0.0.1:0'), { host: '127.0.0.1', port: 0 })
  t.same(parseAddress('[::1]:80'), { host: '::1', port: 80 })
  t.same(parseAddress('[::]:80'), { host: '::', port: 80 })
  t.same(parseAddress('localhost:80'), { host: 'localhost', port: 80 })
  t.same(parseAddress('my-host.example.com:65535'), { host: 'my-host.example.com', port: 65_535 })
})

t.test('what is no address', async t => {
  const wrong = [
    '',
    ':',
    'a',
    'a:',
    '1.2.3:80',
    '256.1.1.1:80',
    '::1:80',
    '[::1]',
    '[1.2.3.4]:80',
    ':65536',
    ':-1'
  ]
  for (const text of [...wrong, 'http://a:80', 'a b:80', ':8080 ', '8080\n', 'a:080000']) {
    t.equal(parseAddress(text), undefined, JSON.stringify(text))
  }
})

t.test('an address is written as it is read', async t => {
  for (const text of ['127.0.0.1:1', '[::1]:80', 'localhost:80']) {
    const address = parseAddress(text)
    t.equal(address && formatAddress(address), text)
  }
})
