import t from 'tap'
import { groupOf } from '../../src/report/client-group.ts'

t.test('software is known by its product, without version and case', async t => {
  for (const [userAgent, agent] of [
    ['okhttp/4.12.0', 'okhttp'],
    ['Go-http-client/1.1', 'go-http-client'],
    ['python-requests/2.32 extra', 'python-requests'],
    ['curl', 'curl'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', 'browser'],
    ['', 'none'],
    [undefined, 'none'],
    ['"><script>', 'other'],
    ['a\u0000b', 'other'],
    ['7zip/1', 'other'],
    [`${'a'.repeat(33)}/1`, 'other'],
    ['x'.repeat(10_000), 'other'],
    ['__proto__', 'other']
  ] as const) {
    t.equal(groupOf(userAgent, '127.0.0.1', 'continue').agent, agent, `${userAgent?.slice(0, 40)}`)
  }
})

t.test('believed callers are known by their network, others are outside', async t => {
  for (const [client, from] of [
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['10.1.2.3', '10.1.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', 'other']
  ] as const) {
    t.equal(groupOf(undefined, client, 'continue').from, from, client)
    t.equal(groupOf(undefined, client, 'restart').from, 'outside')
    t.equal(groupOf(undefined, client, 'ignore').from, 'outside')
  }
})
