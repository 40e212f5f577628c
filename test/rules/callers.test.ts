import t from 'tap'
import type { Trust } from '../../src/mediate/policy.ts'
import { createTrust } from '../../src/rules/callers.ts'
import { parseRange } from '../../src/rules/ranges.ts'
import type { TrustSettings } from '../../src/rules/settings.ts'
import { showing, unread } from './credentials.ts'

function entryOf(text: string, context: Trust): TrustSettings {
  const from = parseRange(text)
  if (from === undefined) throw new Error(text)
  return { from, identities: undefined, origins: undefined, secret: undefined, context }
}

/** By address alone, and without a look at any header. */
function trustOf(entries: readonly (readonly [string, Trust])[]) {
  const trust = createTrust(entries.map(([text, context]) => entryOf(text, context)))
  return (address: string) => trust(unread(address)).context
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

const anybody = entryOf('any', 'continue')
const page: TrustSettings = {
  ...anybody,
  origins: ['https://shop.example.com', 'https://*.shop.example.com']
}
const shared: TrustSettings = {
  ...anybody,
  secret: { kind: 'shared', header: 'x-gateway-secret', secret: 'correct horse battery' }
}

t.test('a page is believed by its Origin, and by that alone', async t => {
  const trust = createTrust([page])
  const from = (...fields: string[]) => trust(showing('203.0.113.1', fields)).context
  t.equal(from('Origin', 'https://shop.example.com'), 'continue')
  t.equal(from('Origin', 'https://eu.shop.example.com'), 'continue')
  for (const origin of ['null', '', 'https://shop.example.com.evil', 'http://shop.example.com', '*']) {
    t.equal(from('Origin', origin), 'restart', origin)
  }
  t.equal(from('Referer', 'https://shop.example.com/'), 'restart')
  t.equal(from('Origin', 'https://shop.example.com', 'Origin', 'https://shop.example.com'), 'restart')
  t.equal(from(), 'restart')
})

t.test('all that an entry asks for must hold, and the next entry is asked where it does not', async t => {
  const [first, second] = [entryOf('10.0.0.0/8', 'continue'), entryOf('10.0.0.0/8', 'ignore')]
  const trust = createTrust([{ ...first, origins: page.origins, secret: shared.secret }, second])
  const origin = ['Origin', 'https://shop.example.com']
  const secret = ['X-Gateway-Secret', 'correct horse battery']
  t.match(trust(showing('10.0.0.1', [...origin, ...secret])), { context: 'continue', entry: 0 })
  for (const fields of [origin, secret, []]) {
    t.match(trust(showing('10.0.0.1', fields)), { context: 'ignore', entry: 1 }, fields.join(' '))
  }
  t.match(trust(showing('11.0.0.1', [...origin, ...secret])), { context: 'restart', entry: undefined })
})

t.test('an identity is one of the conditions, and goes with the others', async t => {
  const entry = { ...entryOf('10.0.0.0/8', 'continue'), identities: ['orders.svc'], secret: shared.secret }
  const trust = createTrust([entry])
  const secret = ['X-Gateway-Secret', 'correct horse battery']
  const by = (address: string, fields: string[], ...identities: string[]) =>
    trust({ ...showing(address, fields), identities }).context
  t.equal(by('10.0.0.1', secret, 'CN=x', 'orders.svc'), 'continue')
  t.equal(by('10.0.0.1', [], 'orders.svc'), 'restart')
  t.equal(by('10.0.0.1', secret, 'stock.svc'), 'restart')
  t.equal(by('10.0.0.1', secret), 'restart')
  t.equal(by('11.0.0.1', secret, 'orders.svc'), 'restart')
  t.equal(createTrust([{ ...anybody, identities: ['orders.svc'] }])(unread('10.0.0.1')).context, 'restart')
})

t.test('an Origin alone makes nobody a proxy of ours', async t => {
  const fields = ['Origin', 'https://shop.example.com', 'X-Gateway-Secret', 'correct horse battery']
  const forwarding = (entry: TrustSettings) => createTrust([entry])(showing('10.0.0.1', fields)).forwarding
  t.equal(forwarding(page), false)
  t.equal(forwarding({ ...page, secret: shared.secret }), true)
  t.equal(forwarding({ ...page, from: entryOf('10.0.0.0/8', 'continue').from }), true)
  t.equal(forwarding(shared), true)
  const named = { ...page, identities: ['orders.svc'] }
  t.equal(
    createTrust([named])({ ...showing('10.0.0.1', fields), identities: ['orders.svc'] }).forwarding,
    true
  )
  t.equal(forwarding(anybody), true)
  t.equal(forwarding({ ...anybody, context: 'restart' }), false)
})
