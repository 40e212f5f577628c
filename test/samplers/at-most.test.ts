import t from 'tap'
import { atMost } from '../../src/samplers/at-most.ts'
import { ratio } from '../../src/samplers/ratio.ts'
import { createTokens } from '../../src/samplers/tokens.ts'

function under(limit: number, rate: number) {
  const clock = { now: 0 }
  const tokens = createTokens({ count: limit, perMs: 1000 }, () => clock.now)
  return { clock, tokens, sampler: atMost(ratio(rate), tokens) }
}

t.test('a second’s worth is kept, the rest dropped, and no odds are claimed for either', async t => {
  const { clock, sampler } = under(3, 1)
  const said = Array.from({ length: 5 }, () => sampler.sample('ffffffffffffff'))
  t.strictSame(
    said.map(({ keep }) => keep),
    [true, true, true, false, false]
  )
  t.ok(said.every(({ threshold }) => threshold === undefined))
  clock.now += 1000
  t.equal(sampler.sample('ffffffffffffff').keep, true)
  t.equal(sampler.rate(), 1)
})

t.test('what the rate drops takes nothing of it', async t => {
  const { sampler } = under(1, 0.5)
  for (let i = 0; i < 10; i++) t.equal(sampler.sample('00000000000000').keep, false)
  t.equal(sampler.sample('ffffffffffffff').keep, true)
})

t.test('several may share one bucket', async t => {
  const { sampler, tokens } = under(1, 1)
  t.equal(sampler.sample('00000000000000').keep, true)
  t.equal(atMost(ratio(1), tokens).sample('00000000000000').keep, false)
})
