import t from 'tap'
import { parseRange } from '../../src/rules/ranges.ts'

t.test('ranges are CIDRs, single addresses and three names', async t => {
  t.same(parseRange('any'), { kind: 'any' })
  t.same(parseRange('10.0.0.0/8'), { kind: 'range', address: '10.0.0.0', prefix: 8, family: 4 })
  t.same(parseRange('10.1.2.3'), { kind: 'range', address: '10.1.2.3', prefix: 32, family: 4 })
  t.same(parseRange('fd00::/8'), { kind: 'range', address: 'fd00::', prefix: 8, family: 6 })
  t.same(parseRange('::1'), { kind: 'range', address: '::1', prefix: 128, family: 6 })
  for (const wrong of [
    '',
    'all',
    '10.0.0.0/33',
    '10.0.0',
    '::/129',
    'example.com',
    '10.0.0.0/',
    '::ffff:10.0.0.0/104'
  ]) {
    t.equal(parseRange(wrong), undefined, wrong)
  }
})
