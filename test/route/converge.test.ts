import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { converge, createNames } from '../../src/route/converge.ts'

t.test('what looks like an id becomes {id}, a date {date}, and words stay', async t => {
  for (const [path, name] of [
    ['/', '/'],
    ['/orders', '/orders'],
    ['/orders/7', '/orders/{id}'],
    ['/orders/7/', '/orders/{id}/'],
    ['/orders/-7.25', '/orders/{id}'],
    ['/v2/orders', '/v2/orders'],
    ['/users/123e4567-e89b-12d3-a456-426614174000/cart', '/users/{id}/cart'],
    ['/users/{123E4567-E89B-12D3-A456-426614174000}', '/users/{id}'],
    ['/blobs/4bf92f3577b34da6a3ce929d0e0e4736', '/blobs/{id}'],
    ['/commits/d6be8c3', '/commits/{id}'],
    ['/facade/cafe', '/facade/cafe'],
    ['/defaced', '/defaced'],
    ['/reports/2026-11-20', '/reports/{date}'],
    ['/reports/2026-11', '/reports/{date}'],
    ['/reports/2026-11-20T10:00:00Z/day', '/reports/{date}/day'],
    ['/reports/2026-W47', '/reports/{date}'],
    ['/reports/2026', '/reports/{id}'],
    ['/files/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/files/{id}'],
    ['/s/V1StGXR8_Z5jdHi6B-myT', '/s/{id}'],
    ['/invoices/inv_00012', '/invoices/inv-{id}'],
    ['/orders/order-1729', '/orders/order-{id}'],
    ['/api/v-12', '/api/v-12'],
    ['/static/app.3f9a2b1c.js', '/static/app.3f9a2b1c.js'],
    ['/a%20b/c', '/{id}/c'],
    ['/search/caf\u00e9', '/search/{id}'],
    [`/x/${'word'.repeat(11)}`, '/x/{id}'],
    ['/internationalization', '/internationalization'],
    ['/1/2/3/4/5/6/7/8/9/10', '/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/**'],
    ['//a//', '//a//']
  ] as const)
    t.equal(converge(path), name, path)
})

t.test('whatever a path holds, its name is short, plain, and its own name', async t => {
  const segments = fc.array(
    fc.oneof(fc.string(), fc.constantFrom('orders', 'a'.repeat(9000), '7', '\u0000', '{id}')),
    {
      maxLength: 40
    }
  )
  fc.assert(
    fc.property(segments, parts => {
      const name = converge(`/${parts.join('/')}`)
      assert.match(name, /^\/[A-Za-z0-9._~{}/*-]{0,350}$/)
    })
  )
  t.pass('every path')
})

t.test('a route names a hundred paths, then its own template stands for the rest', async t => {
  const nameOf = createNames('/**')
  const word = (i: number) =>
    `/${String.fromCharCode(97 + (i % 26))}${String.fromCharCode(97 + Math.floor(i / 26))}`
  for (let i = 0; i < 100; i++) t.equal(nameOf(word(i), 200), word(i))
  t.equal(nameOf('/too-late', 200), '/**')
  t.equal(nameOf(word(0), 500), word(0), 'what has a name keeps it')
})

t.test('an error makes no name, and only a path has one', async t => {
  const nameOf = createNames('/api/**')
  t.equal(nameOf('/api/wp-login.php', 404), '/api/**')
  t.equal(nameOf('/api/orders/1', 503), '/api/**')
  t.equal(nameOf('/api/orders/2', 200), '/api/orders/{id}')
  t.equal(nameOf('/api/orders/1', 503), '/api/orders/{id}')
  t.equal(nameOf('*', 200), '/api/**')
})
