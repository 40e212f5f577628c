import t from 'tap'
import { readRequest } from '../../src/proxy/h2-request.ts'

const plain = [':method', 'GET', ':scheme', 'https', ':path', '/a?b', ':authority', 'shop.example']

t.test('pseudo-fields become a request line and Host, which comes first', async t => {
  t.same(readRequest([...plain, 'x-a', '1', 'x-a', '2']), {
    method: 'GET',
    path: '/a?b',
    fields: ['host', 'shop.example', 'x-a', '1', 'x-a', '2']
  })
})

t.test('the crumbs of a cookie become one', async t => {
  t.same(readRequest([...plain, 'cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2'])?.fields.slice(2), [
    'x-a',
    '1',
    'cookie',
    'a=1; b=2'
  ])
})

t.test('Host stands for an :authority that is not there, and may only repeat one that is', async t => {
  const rest = plain.slice(0, 6)
  t.same(readRequest([...rest, 'host', 'a.example'])?.fields, ['host', 'a.example'])
  t.same(readRequest([...plain, 'host', 'SHOP.example'])?.fields, ['host', 'shop.example'])
  t.equal(readRequest([...plain, 'host', 'evil.example']), undefined)
  t.equal(readRequest([...rest, 'host', 'a', 'host', 'a']), undefined)
})
