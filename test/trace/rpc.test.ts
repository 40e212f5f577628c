import t from 'tap'
import { calledRpcId, isRpcId, parentRpcId } from '../../src/trace/rpc.ts'
import { hop } from '../call.ts'

t.test('a path is numbers with dots between', async t => {
  for (const good of ['0', '0.1', '9.12.3', `0${'.1'.repeat(127)}`]) t.ok(isRpcId(good), good)
  for (const bad of ['', '.', '0.', '.1', '0..1', 'a', '-1', '0.1a', '0 1', `0${'.1'.repeat(128)}`]) {
    t.notOk(isRpcId(bad), bad)
  }
})

t.test('the parent of a call is its caller', async t => {
  t.equal(parentRpcId('0.1.2'), '0.1')
  t.equal(parentRpcId('0'), undefined)
})

t.test('a call is numbered below the gateway, unless that does not show', async t => {
  t.equal(calledRpcId('0.1', { ...hop, number: 2 }), '0.1.2')
  t.equal(calledRpcId('0.1', { ...hop, number: 2, transparent: true }), '0.1')
})
