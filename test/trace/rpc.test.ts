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

t.test(
  'a path that is too long to grow is called on as it is, so that the next gateway reads it',
  async t => {
    for (let length = 250; length <= 256; length++) {
      const own = `0${'.1'.repeat(130)}`.slice(0, length).replace(/\.$/, '0')
      t.ok(isRpcId(own), `${length} characters are read`)
      for (const number of [1, 10, 1_000_000])
        t.ok(isRpcId(calledRpcId(own, { ...hop, number })), `${length}, ${number}`)
    }
    t.equal(calledRpcId(`0${'.1'.repeat(126)}`, { ...hop, number: 2 }), `0${'.1'.repeat(126)}.2`)
  }
)
