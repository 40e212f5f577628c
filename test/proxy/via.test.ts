import t from 'tap'
import { isLoop, viaOf } from '../../src/proxy/via.ts'

t.test('this gateway comes last', async t => {
  t.equal(viaOf(undefined, '1.1', 'edge'), '1.1 edge')
  t.equal(viaOf('', '1.0', 'edge'), '1.0 edge')
  t.equal(viaOf('1.1 cdn (x)', '2', 'edge'), '1.1 cdn (x), 2 edge')
})

t.test('eight visits are a loop, and only those of this name count', async t => {
  const visits = (count: number, name: string) => Array(count).fill(`1.1 ${name}`).join(', ')
  t.ok(isLoop(visits(8, 'edge'), 'edge'))
  t.ok(isLoop(`1.1 cdn,${visits(7, 'edge')}, 2\tedge\t(a)`, 'edge'))
  t.notOk(isLoop(visits(7, 'edge'), 'edge'))
  for (const other of ['edges', 'the-edge', 'edge/x', 'x.edge', 'EDGE'])
    t.notOk(isLoop(visits(9, other), 'edge'), other)
  t.notOk(isLoop(undefined, 'edge'))
})
