import fc from 'fast-check'
import t from 'tap'
import { readingsOf, readTemplate } from '../../src/route/readings.ts'

t.test('what all servers read alike has one reading', async t => {
  for (const path of ['/', '/a/b', '/a/b/', '/A.b/c~d', "/!$&'()*+,=:@", '/a..b', '/a.']) {
    t.strictSame(readingsOf(path), [], path)
  }
})

t.test('what is written in another way is read as what it means', async t => {
  for (const [path, readings] of [
    ['/%61', ['/a']],
    ['/%2561', ['/a']],
    ['/a%2Fb', ['/a/b']],
    ['/a%5cb', ['/a%5Cb', '/a/b']],
    ['/a\\b', ['/a%5Cb', '/a/b']],
    ['//a///b', ['/a/b']],
    ['/a;x=1/b;y', ['/a/b']],
    ['/a%3bx', ['/a']],
    ['/a%3fx', ['/a%3Fx', '/a']],
    ['/a;%2fb', ['/a', '/a/b']],
    // A parameter that ends where only one of two layers is resolved.
    ['/a;%252fb%2Fc', ['/a', '/a/c', '/a/b/c']],
    ['/a%3f%252fb%2Fc', ['/a', '/a%3F/b/c']],
    ['/a%20b', []],
    ['/%e4%bd%a0', ['/%E4%BD%A0']],
    ['/100%25', []],
    ['/.a', []]
  ] as const)
    t.strictSame(readingsOf(path), readings, path)
})

t.test('what is cut off between two layers of escapes, in whatever order, is no hiding place', async t => {
  for (const path of ['/v1;%252fa%2Fk', '/v1/%3b%252fa/k', '/v1%3b\\%3f%2fk', '/v1/%253b%23%3f%25\\k%23'])
    t.ok(
      readingsOf(path)?.some(reading => /^\/v1\/k/.test(reading)),
      path
    )
})

t.test('what climbs, hides or makes no sense has none', async t => {
  const climbing = [
    '/.',
    '/..',
    '/a/../b',
    '/a/./b',
    '/..;/a',
    '/%2e%2E/a',
    '/a%2f..%2fb',
    '/a\\..\\b',
    '/%252e%252e'
  ]
  const hiding = ['/%00', '/a%0a', '/%7F', '/%c0%af', '/%e0%80%af', '/%f0%80%80%af', '/%2500', '/%2525252525']
  for (const path of [...climbing, ...hiding, '/%', '/%a', '/%zz', '/%u002f'])
    t.equal(readingsOf(path), undefined, path)
})

t.test('a template is read as a path is', async t => {
  t.equal(readTemplate('/caf%c3%a9/{id}/**'), '/caf%C3%A9/{id}/**')
  t.equal(readTemplate('/a;b/%61'), '/a/a')
  t.equal(readTemplate('/**'), '/**')
})

// Each server is a chain of these, in whatever order.
const habits: readonly ((path: string) => string)[] = [
  path =>
    path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  path => path.replaceAll('\\', '/'),
  path => path.replace(/;[^/]*/g, ''),
  path => path.replace(/\/{2,}/g, '/'),
  path => path.replace(/[?#].*$/s, ''),
  path => new URL(`http://a${path}`).pathname
]

t.test('no chain of habits makes of a path what its readings do not say', async t => {
  const part = fc.constantFrom(
    ...[
      '/',
      '//',
      '\\',
      '%2f',
      '%5C',
      '%25',
      '2f',
      ';',
      ';a',
      '%3b',
      '%3f',
      '%252f',
      '.',
      '..',
      '%2e',
      'x',
      'k',
      '%6b',
      '%256b'
    ]
  )
  let reached = 0
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 7 }),
      fc.array(fc.constantFrom(...habits), { minLength: 1, maxLength: 5 }),
      (parts, chain) => {
        const path = `/${parts.join('')}`
        const end = chain.reduce((text, habit) => habit(text), path)
        if (end !== '/k' || path === '/k') return true
        reached++
        const readings = readingsOf(path)
        return readings === undefined || readings.includes('/k')
      }
    ),
    { numRuns: 20_000 }
  )
  t.ok(reached > 100, `${reached} paths came to the one that is guarded`)
})
