import fc from 'fast-check'
import t from 'tap'
import { endsHere, nominatedBy } from '../../src/proxy/hop.ts'

t.test('fields of one hop end here', async t => {
  const none = nominatedBy(['Host', 'a'])
  t.equal(none.size, 0)
  for (const name of [
    'connection',
    'proxy-connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade'
  ])
    t.ok(endsHere(name, none), name)
  for (const name of ['host', 'content-length', 'cookie', 'traceparent', 'x-a'])
    t.notOk(endsHere(name, none), name)
})

t.test('what any line of Connection nominates ends here too', async t => {
  const nominated = nominatedBy([
    'Connection',
    'keep-alive',
    'connection',
    ' X-A ,, x-b',
    'CONNECTION',
    'close'
  ])
  t.ok(endsHere('x-a', nominated))
  t.ok(endsHere('x-b', nominated))
  t.notOk(endsHere('x-c', nominated))
})

t.test('what the gateway and the upstream depend on cannot be nominated away', async t => {
  const protectedNames = [
    'host',
    'content-length',
    'content-type',
    'content-encoding',
    'authorization',
    'cookie',
    'set-cookie',
    'cache-control',
    'via',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-proto'
  ]
  const nominated = nominatedBy(['Connection', protectedNames.join(',').toUpperCase()])
  for (const name of protectedNames) t.notOk(endsHere(name, nominated), name)
})

t.test('a Connection of any bytes is no exception', async t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), value => {
      nominatedBy(['Connection', value])
    })
  )
  t.notOk(endsHere('constructor', nominatedBy(['Connection', '__proto__'])))
})

t.test('nor can whatever describes the content, or tells of those in front', async t => {
  const names = [
    'content-language',
    'content-range',
    'forwarded',
    'x-real-ip',
    'x-forwarded-prefix',
    'max-forwards'
  ]
  const nominated = nominatedBy(['Connection', names.join(', ')])
  for (const name of names) t.notOk(endsHere(name, nominated), name)
})

t.test('what is said to a proxy, or begins HTTP/2 in the clear, ends here', async t => {
  for (const name of [
    'proxy-authorization',
    'proxy-authenticate',
    'proxy-authentication-info',
    'http2-settings'
  ])
    t.ok(endsHere(name, nominatedBy([])), name)
})
