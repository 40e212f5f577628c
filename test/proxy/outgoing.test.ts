import fc from 'fast-check'
import t from 'tap'
import { fieldOf } from '../../src/proxy/fields.ts'
import type { Forwarded } from '../../src/proxy/forwarded.ts'
import { outgoing } from '../../src/proxy/outgoing.ts'

const caller: Forwarded = {
  address: '10.0.0.9',
  port: 8080,
  scheme: 'http',
  host: 'shop.example',
  httpVersion: '1.1',
  believed: true,
  withheld: undefined,
  underscores: 'drop',
  pseudonym: 'tracebridge'
}
const stranger: Forwarded = { ...caller, believed: false }
const strip = {
  fields: new Set(['traceparent', 'tracestate', 'b3', 'baggage']),
  prefixes: ['uberctx-', 'baggage-']
}
const added = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'Via']

t.test('the caller’s fields come first, then the trace, then what forwarding adds', async t => {
  t.strictSame(
    outgoing(
      ['Host', 'shop.example', 'X-b', '1', 'X-A', '2', 'X-B', '3'],
      strip,
      ['traceparent', 'new'],
      caller
    ),
    [
      ...['Host', 'shop.example', 'X-b', '1', 'X-A', '2', 'X-B', '3'],
      ...['traceparent', 'new'],
      ...['X-Forwarded-For', '10.0.0.9', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'shop.example'],
      ...['X-Forwarded-Port', '8080', 'Via', '1.1 tracebridge']
    ]
  )
})

t.test('a field that the caller may not send on stays behind, in whatever case and number', async t => {
  const fields = ['X-Force', '1', 'A', '2', 'x-force', '3']
  const kept = (withheld: string | undefined) =>
    outgoing(fields, strip, [], { ...caller, withheld }).slice(0, -8)
  t.strictSame(kept('x-force').slice(0, 2), ['A', '2'])
  t.strictSame(kept(undefined).slice(0, 6), fields)
})

t.test('every old trace field goes, in whatever case, before the new ones come', async t => {
  const out = outgoing(['TraceParent', 'old', 'B3', 'old', 'b3', 'older'], strip, ['b3', 'new'], caller)
  t.equal(fieldOf(out, 'b3'), 'new')
  t.equal(fieldOf(out, 'traceparent'), undefined)
})

t.test('underscores do not carry past what dashes would not: some servers take them for one', async t => {
  const raw = [
    'Trace_Parent',
    '1',
    'TRACESTATE',
    '2',
    'Uberctx_A',
    '3',
    'x_forwarded_for',
    '4',
    'my_field',
    '5'
  ]
  const own = { ...strip, fields: new Set([...strip.fields, 'trace-parent']) }
  const kept = (who: Forwarded) => outgoing(raw, own, [], who).filter(text => /^[1-5]$/.test(text))
  t.strictSame(kept(caller), ['5'])
  t.strictSame(kept({ ...caller, underscores: 'drop-all' }), [])
  t.strictSame(kept({ ...caller, underscores: 'allow' }), ['1', '3', '4', '5'])
  t.strictSame(kept(stranger), ['5'])
})

t.test(
  'fields go by the beginnings of their names too, in whatever case, and only by whole ones',
  async t => {
    const raw = [
      'Uberctx-A',
      '1',
      'uberctx-',
      '2',
      'UBERCTX-b',
      '3',
      'uberct',
      '4',
      'x-uberctx-a',
      '5',
      'baggage',
      '6'
    ]
    const out = outgoing([...raw, 'baggages', '7', 'Baggage-x', '8'], strip, ['uberctx-a', 'new'], caller)
    t.strictSame(out.slice(0, 6), ['uberct', '4', 'x-uberctx-a', '5', 'baggages', '7'])
    t.equal(fieldOf(out, 'uberctx-a'), 'new')
  }
)

t.test('a believed caller’s forwarding fields are added to, another’s are replaced', async t => {
  const claims = [
    ...['x-forwarded-for', '192.0.2.1', 'X-Forwarded-For', '192.0.2.2', 'X-Forwarded-Proto', 'https'],
    ...['X-Forwarded-Host', 'a', 'X-Forwarded-Port', '443', 'Forwarded', 'for=x', 'X-Real-IP', '192.0.2.1'],
    ...['X-Forwarded-Prefix', '/p', 'X-Forwarded-Client-Cert', 'Subject="CN=a"', 'Via', '1.1 edge']
  ]
  const believed = outgoing(claims, strip, [], caller)
  t.equal(fieldOf(believed, 'x-forwarded-for'), '192.0.2.1,192.0.2.2, 10.0.0.9')
  for (const [name, value] of [
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'a'],
    ['x-forwarded-port', '443'],
    ['x-real-ip', '192.0.2.1'],
    ['x-forwarded-client-cert', 'Subject="CN=a"'],
    ['via', '1.1 edge, 1.1 tracebridge']
  ] as const)
    t.equal(fieldOf(believed, name), value)

  const replaced = outgoing(claims, strip, [], stranger)
  t.equal(fieldOf(replaced, 'x-forwarded-for'), '10.0.0.9')
  t.equal(fieldOf(replaced, 'x-forwarded-proto'), 'http')
  t.equal(fieldOf(replaced, 'x-forwarded-host'), 'shop.example')
  t.equal(fieldOf(replaced, 'x-forwarded-port'), '8080')
  for (const name of ['forwarded', 'x-real-ip', 'x-forwarded-prefix', 'x-forwarded-client-cert'])
    t.equal(fieldOf(replaced, name), undefined)
})

t.test(
  'of strangers nothing named X-Forwarded-* passes, whatever it is: services believe more than we write',
  async t => {
    const claims = ['Ssl', 'Server', 'Scheme', 'User', 'Email', 'Groups', 'Anything-Else'].flatMap(name => [
      ...[`X-Forwarded-${name}`, 'on', `x-FORWARDED-${name}`, 'on', `X_Forwarded_${name}`, 'on']
    ])
    const own = outgoing(['X-Forwarded', '1', 'X-Forwardeds-For', '2'], strip, [], stranger)
    t.strictSame(own.slice(0, 4), ['X-Forwarded', '1', 'X-Forwardeds-For', '2'], 'other names do')
    t.notOk(outgoing(claims, strip, [], stranger).includes('on'))
    t.notOk(outgoing(claims, strip, [], { ...stranger, underscores: 'drop-all' }).includes('on'))
    t.equal(
      fieldOf(outgoing(claims, strip, [], caller), 'x-forwarded-user'),
      'on,on',
      'of those in front they do'
    )
  }
)

t.test('a request without Host is forwarded without one', async t => {
  t.equal(fieldOf(outgoing([], strip, [], { ...caller, host: undefined }), 'x-forwarded-host'), undefined)
})

t.test('nothing that a caller nominates takes away what the gateway adds', async () => {
  const name = fc.constantFrom(...added, 'traceparent', 'b3', 'Host', 'Content-Length', 'X-Own', 'close')
  fc.assert(
    fc.property(fc.array(name, { maxLength: 12 }), fc.boolean(), (names, believed) => {
      const out = outgoing(
        [
          'Host',
          'h',
          'Content-Length',
          '5',
          'Connection',
          names.join(', '),
          'X-Forwarded-Proto',
          'https',
          'b3',
          'x'
        ],
        strip,
        ['traceparent', 'new', 'b3', 'new'],
        { ...caller, believed }
      )
      return (
        fieldOf(out, 'traceparent') === 'new' &&
        fieldOf(out, 'b3') === 'new' &&
        fieldOf(out, 'host') === 'h' &&
        fieldOf(out, 'content-length') === '5' &&
        fieldOf(out, 'connection') === undefined &&
        added.every(one => fieldOf(out, one.toLowerCase()) !== undefined)
      )
    })
  )
})

t.test('whatever the fields, those that stay stay as they are', async () => {
  const token = fc.string({ unit: fc.constantFrom(...'abcABC-_'), minLength: 1, maxLength: 6 })
  const own = fc.array(
    fc.tuple(
      token.map(name => `x-own-${name}`),
      fc.string({ unit: 'binary', maxLength: 9 })
    )
  )
  fc.assert(
    fc.property(own, pairs => {
      const raw = pairs.flat()
      return outgoing(raw, strip, [], caller)
        .slice(0, raw.length)
        .every((part, i) => part === raw[i])
    })
  )
})

t.test('Via says what the caller spoke, not what goes on', async t => {
  t.equal(fieldOf(outgoing([], strip, [], { ...caller, httpVersion: '1.0' }), 'via'), '1.0 tracebridge')
})
