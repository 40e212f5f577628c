import t from 'tap'
import { clientOf } from '../../src/proxy/client.ts'

const proxies = new Set(['10.0.0.1', '10.0.0.2', '2001:db8::1'])
const isProxy = (address: string) => proxies.has(address)

t.test('the client is the last address that is none of our proxies', async t => {
  for (const [forwardedFor, peer, client] of [
    [undefined, '10.0.0.1', '10.0.0.1'],
    ['', '10.0.0.1', '10.0.0.1'],
    ['192.0.2.1', '10.0.0.1', '192.0.2.1'],
    ['198.51.100.7, 192.0.2.1', '10.0.0.1', '192.0.2.1'],
    ['198.51.100.7, 192.0.2.1, 10.0.0.2', '10.0.0.1', '192.0.2.1'],
    ['10.0.0.2,2001:db8::1', '10.0.0.1', '10.0.0.2'],
    ['192.0.2.1:4711', '10.0.0.1', '192.0.2.1'],
    ['[2001:db8::7]:4711', '10.0.0.1', '2001:db8::7'],
    ['[2001:db8::7]', '10.0.0.1', '2001:db8::7'],
    ['2001:db8::7', '10.0.0.1', '2001:db8::7'],
    ['::ffff:192.0.2.1', '10.0.0.1', '192.0.2.1']
  ] as const)
    t.equal(clientOf(forwardedFor, isProxy, peer), client, String(forwardedFor))
})

t.test('a stranger’s word is nobody’s', async t => {
  t.equal(clientOf('192.0.2.1', isProxy, '198.51.100.7'), '198.51.100.7')
})

t.test('at what is no address looking back ends', async t => {
  for (const text of [
    'unknown',
    '_hidden',
    '192.0.2.1, x',
    '192.0.2.1,',
    '192.0.2.999',
    'fe80::1%eth0',
    '"192.0.2.1"',
    '1'
  ]) {
    t.equal(clientOf(text, isProxy, '10.0.0.1'), '10.0.0.1', text)
  }
  t.equal(clientOf(',192.0.2.1', isProxy, '10.0.0.1'), '192.0.2.1')
})

t.test('nobody looks back for ever', async t => {
  t.equal(clientOf(`192.0.2.1, ${'10.0.0.1, '.repeat(1000)}10.0.0.2`, isProxy, '10.0.0.1'), '10.0.0.1')
})
