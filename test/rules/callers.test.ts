import t from 'tap'
import { createTrust } from '../../src/rules/callers.ts'
import { parseRange } from '../../src/rules/values.ts'

function trustOf(entries: readonly (readonly [string, 'continue' | 'restart' | 'ignore'])[]) {
  return createTrust(
    entries.map(([text, context]) => {
      const from = parseRange(text)
      if (from === undefined) throw new Error(text)
      return { from, context }
    })
  )
}

t.test('the first range that holds the address decides', async t => {
  const trust = trustOf([
    ['10.1.0.0/16', 'ignore'],
    ['10.0.0.0/8', 'continue'],
    ['any', 'restart']
  ])
  t.equal(trust('10.1.2.3'), 'ignore')
  t.equal(trust('10.2.2.3'), 'continue')
  t.equal(trust('11.0.0.1'), 'restart')
})

t.test('an IPv4 caller of a dual-stack socket is an IPv4 caller', async t => {
  const trust = trustOf([['10.0.0.0/8', 'continue']])
  t.equal(trust('::ffff:10.0.0.1'), 'continue')
  t.equal(trust('::FFFF:10.0.0.1'), 'continue')
  t.equal(trust('::ffff:11.0.0.1'), 'restart')
})

t.test('loopback and private are what the RFCs say', async t => {
  const trust = trustOf([
    ['loopback', 'continue'],
    ['private', 'ignore']
  ])
  for (const address of ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'])
    t.equal(trust(address), 'continue', address)
  for (const address of ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1']) {
    t.equal(trust(address), 'ignore', address)
  }
  for (const address of ['172.32.0.1', '169.254.1.1', '100.64.0.1', '8.8.8.8', 'fe80::1', '2001:db8::1']) {
    t.equal(trust(address), 'restart', address)
  }
})

t.test('a zone does not hide an address', async t => {
  t.equal(trustOf([['fe80::/10', 'continue']])('fe80::1%eth0'), 'continue')
})

t.test('what is no address is in no range, but in any', async t => {
  for (const address of ['', 'nonsense', '10.0.0.1.evil', '/run/socket']) {
    t.equal(trustOf([['10.0.0.0/8', 'continue']])(address), 'restart', address)
    t.equal(trustOf([['any', 'ignore']])(address), 'ignore', address)
  }
})
