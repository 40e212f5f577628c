import t from 'tap'
import { parseUnneeded } from '../../src/report/unneeded.ts'

const day = 86_400_000

t.test('a time is a number and m, h or d', async t => {
  t.same(parseUnneeded('7d'), { text: '7d', ms: 7 * day })
  t.equal(parseUnneeded('30m')?.ms, 1_800_000)
  t.equal(parseUnneeded('12h')?.ms, day / 2)
  for (const text of ['', '0m', '00d', '7', 'd', '7w', '-7d', '7d ', '1e3d', '99999d', '٧d'])
    t.equal(parseUnneeded(text), undefined)
})
