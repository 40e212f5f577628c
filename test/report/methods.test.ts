import t from 'tap'
import { knownMethod } from '../../src/report/methods.ts'

t.test('methods that the conventions know keep their name', async t => {
  for (const method of ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']) {
    t.equal(knownMethod(method), method)
  }
})

t.test('all others are one, and methods have a case', async t => {
  for (const method of ['PURGE', 'get', '', '__proto__', 'GET ']) t.equal(knownMethod(method), '_OTHER')
})
