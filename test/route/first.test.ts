import t from 'tap'
import { createCondition, createFirst } from '../../src/route/first.ts'
import { match, target } from './match.ts'

t.test('the first that matches wins, however specific the others are', async t => {
  const find = createFirst([
    { match: match({ path: '/pay/**' }), value: 'pay' },
    { match: match({ path: '/pay/card' }), value: 'card' },
    { match: match({ methods: ['GET'] }), value: 'get' }
  ])
  t.equal(find(target('GET /pay/card')), 'pay')
  t.equal(find(target('GET /other')), 'get')
  t.equal(find(target('POST /other')), undefined)
})

t.test('every part of a match must hold', async t => {
  const holds = createCondition(
    match({ host: '*.example.com', path: '/a/{id}', methods: ['GET'], headers: new Map([['x-a', '1']]) })
  )
  t.equal(holds(target('GET shop.example.com/a/1', { 'x-a': '1' })), true)
  t.equal(holds(target('GET example.com/a/1', { 'x-a': '1' })), false)
  t.equal(holds(target('GET shop.example.com/a', { 'x-a': '1' })), false)
  t.equal(holds(target('PUT shop.example.com/a/1', { 'x-a': '1' })), false)
  t.equal(holds(target('GET shop.example.com/a/1', { 'x-a': '2' })), false)
  t.equal(holds(target('GET shop.example.com/a/1')), false)
})
