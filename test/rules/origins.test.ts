import t from 'tap'
import { createOrigins } from '../../src/rules/origins.ts'

t.test('exact origins are compared whole', async t => {
  const allows = createOrigins(['https://shop.example.com'])
  t.equal(allows('https://shop.example.com'), true)
  for (const origin of [
    'http://shop.example.com',
    'https://shop.example.com:8443',
    'https://shop.example.com.evil.test',
    'null',
    ''
  ]) {
    t.equal(allows(origin), false, origin)
  }
})

t.test('a wildcard takes one or more labels and nothing else', async t => {
  const allows = createOrigins(['https://*.example.com'])
  t.equal(allows('https://a.example.com'), true)
  t.equal(allows('https://a.b-c.example.com'), true)
  const wrong = [
    'https://example.com',
    'https://.example.com',
    'https://evil.test/.example.com',
    'https://evil.test#.example.com',
    'https://evil.test:1.example.com',
    'https://u@.example.com',
    'http://a.example.com',
    'https://a..example.com',
    'https://aexample.com',
    `https://${'a.'.repeat(400)}example.com`
  ]
  for (const origin of wrong) t.equal(allows(origin), false, origin.slice(0, 60))
})

t.test('* is every page', async t => {
  t.equal(createOrigins(['*'])('https://any.test'), true)
})
