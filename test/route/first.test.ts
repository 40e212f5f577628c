import t from 'tap'
import { createCondition, createFirst } from '../../src/route/first.ts'
import { match, target } from './match.ts'

const none: ReadonlyMap<string, string> = new Map()

t.test('the first that matches wins, however specific the others are', async t => {
  const find = createFirst([
    { match: match({ path: '/pay/**' }), value: 'pay' },
    { match: match({ path: '/pay/card' }), value: 'card' },
    { match: match({ methods: ['GET'] }), value: 'get' }
  ])
  t.equal(find(target('GET /pay/card'), '', none), 'pay')
  t.equal(find(target('GET /other'), '', none), 'get')
  t.equal(find(target('POST /other'), '', none), undefined)
})

t.test('every part of a match must hold', async t => {
  const holds = createCondition(
    match({ host: '*.example.com', path: '/a/{id}', methods: ['GET'], headers: new Map([['x-a', '1']]) })
  )
  t.equal(holds(target('GET shop.example.com/a/1', { 'x-a': '1' }), '', none), true)
  t.equal(holds(target('GET example.com/a/1', { 'x-a': '1' }), '', none), false)
  t.equal(holds(target('GET shop.example.com/a', { 'x-a': '1' }), '', none), false)
  t.equal(holds(target('PUT shop.example.com/a/1', { 'x-a': '1' }), '', none), false)
  t.equal(holds(target('GET shop.example.com/a/1', { 'x-a': '2' }), '', none), false)
  t.equal(holds(target('GET shop.example.com/a/1'), '', none), false)
})

t.test('a route and tags may be asked for besides', async t => {
  const tags = (pairs: Record<string, string>) => new Map(Object.entries(pairs))
  const find = createFirst([
    { match: match({}), where: { routes: new Set(['a', 'b']), tags: tags({ tag: 'gray' }) }, value: 'both' },
    { match: match({}), where: { routes: new Set(['a']), tags: undefined }, value: 'route' },
    {
      match: match({ path: '/x' }),
      where: { routes: undefined, tags: tags({ tag: 'gray', v: '2' }) },
      value: 'tags'
    }
  ])
  t.equal(find(target('GET /'), 'b', tags({ tag: 'gray', more: '1' })), 'both')
  t.equal(find(target('GET /'), 'a', tags({ tag: 'base' })), 'route')
  t.equal(find(target('GET /'), 'b', none), undefined)
  t.equal(find(target('GET /x'), '', tags({ tag: 'gray', v: '2' })), 'tags')
  t.equal(find(target('GET /x'), '', tags({ tag: 'gray' })), undefined, 'every tag must be there')
  t.equal(find(target('GET /y'), '', tags({ tag: 'gray', v: '2' })), undefined, 'and the request be it too')
})
