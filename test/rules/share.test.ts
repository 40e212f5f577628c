import t from 'tap'
import { shareOf } from '../../src/rules/share.ts'
import { loaded, minimal } from './rule-files.ts'

const text = `
sampling:
  adaptive: { target: 50/s, floor: 2/m }
  at-most: 100/s
  limit: 20/s
  keep: { errors: 10/s, slow: 4/s, slower-than: 1s }
  boost: { at-most: 6/s }
  force: { header: x-force, at-most: 8/s }
  rules: [{ match: { path: /pay/** }, rate: 50%, at-most: 2/s }]
overload: { memory: 1GiB }
${minimal}`

t.test('each of two workers has half of every budget, and of the memory', async t => {
  const { settings } = loaded(t, text)
  const half = shareOf(settings, 2)
  t.match(half, {
    sampling: {
      adaptive: { target: { count: 25, perMs: 1000 }, floor: { count: 1, perMs: 60_000 } },
      atMost: { count: 50 }
    },
    samplingLimit: { count: 10 },
    samplingKeep: { errors: { count: 5 }, slow: { count: 2 }, slowerThanMs: 1000 },
    samplingBoost: { atMost: { count: 3 } },
    samplingForce: { header: 'x-force', atMost: { count: 4 } },
    samplingRules: [{ rate: 0.5, atMost: { count: 1 } }],
    overload: { memory: 2 ** 29 },
    limits: settings.limits
  })
  t.equal(half.routes[0]?.sampling.atMost, half.sampling.atMost, 'what routes share they go on sharing')
  t.equal(settings.samplingLimit?.count, 20, 'what it was made from stays as it was')
})

t.test('a worker that is alone has all', async t => {
  const { settings } = loaded(t, text)
  t.equal(shareOf(settings, 1), settings)
})

t.test('what is not limited stays so', async t => {
  const { settings } = loaded(t, `overload: none\nsampling: { keep: none }\n${minimal}`)
  const { overload, samplingKeep, samplingLimit, samplingBoost, sampling } = shareOf(settings, 4)
  t.strictSame(
    [overload, samplingKeep, samplingLimit, samplingBoost, sampling.atMost],
    [undefined, undefined, undefined, undefined, undefined]
  )
})
