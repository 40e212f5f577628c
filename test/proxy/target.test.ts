import fc from 'fast-check'
import t from 'tap'
import { hostOf, targetOf } from '../../src/proxy/target.ts'

function target(url: string, host?: string) {
  return targetOf('GET', url, name => (name === 'host' ? host : undefined))
}

t.test('the query begins at the first question mark', async t => {
  t.match(target('/a'), { path: '/a', query: '' })
  t.match(target('/a?'), { path: '/a', query: '' })
  t.match(target('/a?b=c?d'), { path: '/a', query: 'b=c?d' })
  t.match(target('?x'), { path: '', query: 'x' })
})

t.test('nothing in a path is decoded, joined or resolved', async t => {
  for (const path of ['//x', '/a%2Fb', '/../etc', '/a//b/./c', 'http://evil/x', '*'])
    t.equal(target(path).path, path)
})

t.test('the host is without its port and in lower case', async t => {
  for (const [authority, host] of [
    ['Shop.Example', 'shop.example'],
    ['shop.example:8080', 'shop.example'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:80', '[2001:db8::1]'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['a:', 'a'],
    ['', '']
  ] as const)
    t.equal(hostOf(authority), host, authority)
  t.match(target('/', 'A:1'), { authority: 'A:1', host: 'a' })
  t.match(target('/'), { authority: '', host: '' })
})

t.test('path and query are the bytes that were sent', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), url => {
      const { path, query } = target(url)
      return url === path || url === `${path}?${query}`
    })
  )
})
