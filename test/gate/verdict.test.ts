import t from 'tap'
import { type Period, periodOf, together } from '../../src/gate/tally.ts'
import { type GateSettings, type Judgement, judge } from '../../src/gate/verdict.ts'
import { add, emptyBins } from '../../src/sketch/bins.ts'
import { bucketScale, sketchScale } from '../../src/sketch/scale.ts'
import { drawsOf } from '../draws.ts'
import { part, type Share, windowOf } from './rollouts.ts'

const settings: GateSettings = { p95Ratio: 1.2, errorRatio: 1.5, minSamples: 500, floorMs: 5 }
const { latency } = drawsOf(7)

/** So many times as slow as the baseline. */
function share(requests: number, slower = 1, route = 'orders'): Share {
  return {
    route,
    baseline: { requests, latency },
    candidate: { requests, latency: () => slower * latency() }
  }
}

function verdictOf(...shares: readonly Share[]): Judgement {
  return judge(windowOf(...shares), sketchScale, settings)
}

t.test('with no requests, or of one side only, nothing is known, and it says why', async t => {
  const none = { requests: 0, latency }
  const some = { requests: 2000, latency }
  for (const [shares, why] of [
    [[], 'no requests of either side'],
    [[{ baseline: none, candidate: some }], 'no requests of the baseline'],
    [[{ baseline: some, candidate: none }], 'no requests of the candidate']
  ] as const) {
    t.match(verdictOf(...shares), { verdict: 'inconclusive', enough: false, why: [why] })
  }
})

t.test('too few requests are not enough, however clear they seem', async t => {
  t.match(verdictOf(share(99, 10)), {
    verdict: 'inconclusive',
    enough: false,
    why: [/^too few requests .*495/]
  })
  t.match(verdictOf(share(100, 10)), { verdict: 'fail' })
})

t.test('both sides must have served the same routes', async t => {
  const apart: Share[] = [
    { route: 'a', baseline: { requests: 400, latency }, candidate: { requests: 0, latency } },
    { route: 'b', baseline: { requests: 0, latency }, candidate: { requests: 400, latency } }
  ]
  t.match(verdictOf(...apart), { verdict: 'inconclusive', why: [/^too few requests on routes that both/] })
  t.match(
    verdictOf(share(400), {
      route: 'new',
      baseline: { requests: 0, latency },
      candidate: { requests: 500, latency }
    }),
    {
      verdict: 'inconclusive',
      enough: false,
      why: [/^55\.6 % of the candidate's requests are on routes without a p95/]
    }
  )
})

t.test('a candidate that serves nothing any more does not pass by what it did before', async t => {
  const serving = part([share(400)])
  const baselineAlone = (requests: number) =>
    part([{ baseline: { requests, latency }, candidate: { requests: 0, latency } }])
  const gone = judge([serving, serving, serving, serving, baselineAlone(400)], sketchScale, settings)
  t.match(gone, {
    verdict: 'inconclusive',
    enough: false,
    why: ['the candidate served nothing in the last fifth of the time, though the baseline did']
  })
  const over = judge([serving, serving, serving, serving, baselineAlone(19)], sketchScale, settings)
  t.equal(over.verdict, 'pass', 'where there is no traffic any more nobody is missed')
  const slow = part([share(400, 2)])
  const failed = judge([slow, slow, slow, slow, baselineAlone(400)], sketchScale, settings)
  t.equal(failed.verdict, 'fail', 'and what is proven is proven')
})

t.test('a change of what is asked for is no regression', async t => {
  // The candidate gets the slow route nine times of ten, the baseline one time of ten; each is as fast as ever.
  const slow = () => 10 * latency()
  const { verdict } = verdictOf(
    { route: 'fast', baseline: { requests: 1800, latency }, candidate: { requests: 200, latency } },
    {
      route: 'slow',
      baseline: { requests: 200, latency: slow },
      candidate: { requests: 1800, latency: slow }
    }
  )
  t.not(verdict, 'fail')
})

t.test('one slower route of several stops the rollout, and is named', async t => {
  const { verdict, why } = verdictOf(share(2000), share(2000, 1, 'cart'), share(600, 1.8, 'pay'))
  t.equal(verdict, 'fail')
  t.match(why, [/^p95 of pay is 1\.\d\d times the baseline's, the line is 1\.20 times$/])
})

t.test('routes that are all a little too slow are proven together', async t => {
  const shares = Array.from({ length: 12 }, (_, i) => share(60, 1.5, `route-${i}`))
  const { verdict, why, latency: found } = verdictOf(...shares)
  t.equal(verdict, 'fail', why.join())
  t.ok((found.ratio?.low ?? 0) > 1.2)
})

t.test('a few milliseconds more are never too slow', async t => {
  const quick = (factor: number): Share => ({
    baseline: { requests: 1000, latency: () => latency() / 100 },
    candidate: { requests: 1000, latency: () => (factor * latency()) / 100 }
  })
  t.equal(verdictOf(quick(3)).verdict, 'pass')
  t.equal(judge(windowOf(quick(3)), sketchScale, { ...settings, floorMs: 0 }).verdict, 'fail')
})

t.test('one bad minute is no regression: the direction must be the same in three of five parts', async t => {
  const usual = part([share(1000)])
  const bad = part([share(1000, 20)])
  const { verdict } = judge([usual, usual, usual, bad, bad], sketchScale, settings)
  t.equal(verdict, 'inconclusive')
  t.equal(judge([bad, usual, bad, usual, bad], sketchScale, settings).verdict, 'fail')
})

t.test('more windows than one are judged as five parts all the same', async t => {
  const fast = windowOf(share(300))
  t.equal(judge([...fast, ...fast, ...fast], sketchScale, settings).verdict, 'pass')
  const slow = windowOf(share(300, 1.6))
  t.equal(judge([...slow, ...slow], sketchScale, settings).verdict, 'fail')
})

/** All of 40 ms, but for so many slow ones in a thousand. */
function jumping(slow: number): () => number {
  let i = 0
  return () => (i++ % 1000 < slow ? 200 : 40)
}

t.test(
  'where latencies jump, a p95 at the edge of the jump proves nothing, on whichever side it is',
  async t => {
    for (const [baseline, candidate] of [
      [48, 52],
      [48, 100],
      [10, 52]
    ] as const) {
      const { verdict } = verdictOf({
        baseline: { requests: 1000, latency: jumping(baseline) },
        candidate: { requests: 1000, latency: jumping(candidate) }
      })
      t.equal(verdict, 'inconclusive', `${baseline} and ${candidate} slow ones in a thousand`)
    }
    const { verdict } = verdictOf({
      baseline: { requests: 1000, latency: jumping(10) },
      candidate: { requests: 1000, latency: jumping(100) }
    })
    t.equal(verdict, 'fail', 'away from it, it does')
  }
)

t.test(
  'a route that looks too slow without proof keeps a pass away, where it has enough requests',
  async t => {
    const uneven: Share = {
      route: 'uneven',
      baseline: { requests: 1000, latency: jumping(48) },
      candidate: { requests: 1000, latency: jumping(52) }
    }
    const { verdict, why } = verdictOf(share(20_000), uneven)
    t.equal(verdict, 'inconclusive')
    t.match(why.join(), /p95 of uneven looks [45]\.\d\d times the baseline's, which is not proven/)
  }
)

t.test('errors are proven without as many requests as a p95 needs', async t => {
  const failing: Share = {
    baseline: { requests: 20, latency, errors: 0 },
    candidate: { requests: 20, latency, errors: 15 }
  }
  t.match(verdictOf(failing), { verdict: 'fail', why: [/^the candidate fails more than 1\.50 times/] })
})

t.test('more errors than there should be are doubted before they are proven', async t => {
  const some = (errors: number) => (each: number) => (each === 0 ? errors : 0)
  const judged = (errors: number) =>
    judge(
      [0, 1, 2, 3, 4].map(i =>
        part([
          {
            baseline: { requests: 2000, latency },
            candidate: { requests: 2000, latency, errors: some(errors)(i) }
          }
        ])
      ),
      sketchScale,
      settings
    )
  t.equal(judged(0).verdict, 'pass')
  t.equal(judged(2).verdict, 'pass', 'two may be chance')
  t.match(judged(4), { verdict: 'inconclusive', why: [/seems to fail more/] })
  t.match(judged(40), { verdict: 'inconclusive', why: [/seems to fail more/] }, 'all in one part of the time')
})

t.test('one hiccup of a candidate with little traffic holds no rollout', async t => {
  const hiccup = (errors: number): Share => ({
    baseline: { requests: 20_000, latency },
    candidate: { requests: 200, latency, errors }
  })
  const quiet = hiccup(0)
  const judged = (errors: readonly number[]) =>
    judge(
      errors.map(count => part([count === 0 ? quiet : hiccup(count)])),
      sketchScale,
      settings
    ).errors.finding
  t.equal(judged([0, 0, 0, 1, 0]), 'within')
  t.equal(
    judged([1, 0, 0, 1, 0]),
    'open',
    'two in a thousand, where the baseline had none in a hundred thousand'
  )
  t.equal(judged([3, 0, 0, 0, 0]), 'open')
  t.equal(judged([1, 0, 1, 1, 0]), 'over')
})

t.test('errors of several routes add up, each by its own share of requests', async t => {
  const route = (name: string, baseline: number, candidate: number): Share => ({
    route: name,
    baseline: { requests: 1000, latency, errors: baseline },
    candidate: { requests: 200, latency, errors: candidate }
  })
  // Two in a thousand of the baseline, one in a hundred of the candidate, on each of eight routes.
  const many = Array.from({ length: 8 }, (_, i) => route(`route-${i}`, 2, 2))
  t.match(verdictOf(...many), { verdict: 'fail', errors: { finding: 'over' } })
  const often = Array.from({ length: 8 }, (_, i) => route(`route-${i}`, 100, 60))
  t.match(verdictOf(...often), { verdict: 'fail', errors: { finding: 'over' } }, 'by thousands')
  const alike = Array.from({ length: 8 }, (_, i) => route(`route-${i}`, 100, 20))
  t.equal(verdictOf(...alike).errors.finding, 'within')
})

/** The candidate alone serves another route, too. */
function besides(requests: number, errors: number): Judgement {
  return verdictOf(share(2000), {
    route: 'new',
    baseline: { requests: 0, latency },
    candidate: { requests, latency, errors }
  })
}

t.test('errors on routes that the baseline did not serve are judged by each side as a whole', async t => {
  t.match(besides(100, 100), { verdict: 'fail', why: [/^the candidate fails more than 1\.50 times/] })
  t.match(besides(100, 0), {
    verdict: 'pass',
    notes: [
      "4.8 % of the candidate's requests are on routes without a p95 to compare: new (0 of the baseline, 500 of the candidate); 59 of each side are needed"
    ]
  })
})

/** The candidate fails on a route of which the baseline served next to nothing; of each part so many. */
function thin(baseline: number, candidate: number, errors: number, baselineErrors = 0): Judgement {
  const elsewhere = part([{ ...share(260), candidate: { requests: 310, latency } }])
  const parts = Array.from({ length: 5 }, (_, i) =>
    together([
      elsewhere,
      part([
        {
          route: 'thin',
          baseline: {
            requests: i === 2 ? baseline : 0,
            latency,
            errors: i === 2 ? baselineErrors : 0
          },
          candidate: { requests: candidate, latency, errors }
        }
      ])
    ])
  )
  return judge(parts, sketchScale, settings)
}

t.test('one request of the baseline is no proof that it fails as often', async t => {
  t.match(thin(1, 259, 259), { verdict: 'fail', why: [/^the candidate fails more than 1\.50 times/] })
  t.match(thin(1, 259, 259).errors.routes[1], { route: 'thin', finding: 'open' })
  t.match(thin(2, 4, 4), { errors: { finding: 'over' } }, 'however few there are of the candidate')
  t.match(thin(58, 180, 4), { errors: { finding: 'over' } })
})

t.test('where the baseline served too little to prove errors by, they are doubted', async t => {
  // Two in a hundred: the baseline would have had one or two.
  t.match(thin(70, 200, 4), {
    verdict: 'inconclusive',
    why: [/seems to fail more/],
    errors: { finding: 'open' }
  })
  t.match(thin(40, 200, 20, 2), { errors: { finding: 'open' } }, 'more often than the baseline there')
  t.match(thin(40, 200, 20, 3), { errors: { finding: 'within' } }, 'which fails as often')
  t.match(thin(1, 20, 0), { errors: { finding: 'within' } }, 'without errors all is well')
})

t.test(
  'more than a tenth of the candidate on routes that the baseline did not serve is too much',
  async t => {
    t.match(besides(300, 0), { verdict: 'inconclusive', enough: false, why: [/^13\.0 % of the candidate's/] })
    t.strictSame(verdictOf(share(2000)).notes, [])
  }
)

/** Of either side so many requests of a part on another route, ten times as slow as usual for the candidate. */
function slowBesides(baseline: number, candidate: number): Judgement {
  return verdictOf(share(1000), {
    route: 'slow',
    baseline: { requests: baseline, latency },
    candidate: { requests: candidate, latency: () => 10 * latency() }
  })
}

t.test('what is not compared for too few requests is named, and above a tenth nothing passes', async t => {
  t.match(slowBesides(11, 800), {
    verdict: 'inconclusive',
    enough: false,
    why: [
      "44.4 % of the candidate's requests are on routes without a p95 to compare: slow (55 of the baseline, 4000 of the candidate); 59 of each side are needed"
    ]
  })
  t.match(
    slowBesides(800, 11),
    {
      verdict: 'inconclusive',
      why: [/^1\.1 % of the candidate's requests and 44\.4 % of the baseline's are on routes/]
    },
    'the other way round as well'
  )
  t.match(slowBesides(11, 100), { verdict: 'pass', notes: [/^9\.1 % .* slow \(55 of the baseline, 500 of/] })
  t.match(slowBesides(800, 0), { verdict: 'pass', notes: [] }, 'other routes of the baseline are no matter')
})

t.test('a long tail of routes with few requests each holds no rollout', async t => {
  const tail = Array.from({ length: 9 }, (_, i) => share(10, 1, `tail-${i}`))
  const { verdict, notes } = verdictOf(share(1000), ...tail)
  t.equal(verdict, 'pass')
  t.match(notes, [/^8\.3 % .*: tail-0 \(50 of .*\), tail-1 .*, tail-2 .* and 6 more; 59 of each/])
})

t.test('what is proven too slow fails, however much is not compared', async t => {
  const many = verdictOf(share(400, 2), {
    route: 'new',
    baseline: { requests: 0, latency },
    candidate: { requests: 500, latency }
  })
  t.match(many, { verdict: 'fail', why: [/^p95 of orders is/] })
})

t.test('a route of few requests that is far too slow is not hidden by many others', async t => {
  const few = slowBesides(14, 800)
  t.match(few, {
    verdict: 'inconclusive',
    why: [/^p95 of slow looks \d+\.\d\d times the baseline's, which is not proven/]
  })
  t.match(slowBesides(14, 20).verdict, 'inconclusive', 'where it is beyond any doubt')
})

/** The buckets of a gateway's histograms that matter here. */
const buckets = bucketScale([50, 100, 10_000])

/** In such buckets, so many of each part below 50 ms, below 100 ms and beyond 10 s. */
function bucketed(route: string, baseline: readonly number[], candidate: readonly number[]): Period {
  const bins = ([quick = 0, usual = 0, endless = 0]: readonly number[]) => {
    const counts = emptyBins()
    for (const [index, amount] of [quick, usual, 0, endless].entries()) {
      if (amount > 0) add(counts, index, amount)
    }
    return counts
  }
  return periodOf([
    { side: 'baseline', route, errors: 0, latency: bins(baseline) },
    { side: 'candidate', route, errors: 0, latency: bins(candidate) }
  ])
}

function bucketedVerdict(...routes: readonly Period[]): Judgement {
  return judge(
    Array.from({ length: 5 }, () => together(routes)),
    buckets,
    settings
  )
}

t.test('a candidate beyond the last bucket is too slow by what the bucket tells', async t => {
  const usual = bucketed('b', [900, 100], [540, 60])
  const all = bucketedVerdict(bucketed('a', [900, 100], [0, 0, 1000]))
  t.match(all, { verdict: 'fail', why: [/^p95 of a is more than 133\.33 times the baseline's, the line is/] })
  t.match(all.latency.routes, [
    {
      candidate: { value: 10_000, low: 10_000, high: null, atLeast: true },
      ratio: { high: null, atLeast: true },
      finding: 'over'
    }
  ])
  const one = bucketedVerdict(bucketed('a', [900, 100], [0, 0, 400]), usual)
  t.match(one, { verdict: 'fail', why: [/^p95 of a is more than 133\.33 times/] })
  const tenth = bucketedVerdict(bucketed('a', [900, 100], [300, 0, 40]), usual)
  t.match(tenth, { verdict: 'fail', why: [/^p95 of a is more than 133\.33 times/] })
  for (const { latency: found } of [all, one, tenth]) t.notMatch(JSON.stringify(found), /"value":null/)
})

t.test('what the buckets do not tell is said, and does not pass', async t => {
  const usual = bucketed('b', [900, 100], [540, 60])
  const edge = bucketedVerdict(bucketed('a', [900, 100], [378, 0, 22]), usual)
  t.match(edge, {
    verdict: 'inconclusive',
    why: [
      "40.0 % of the candidate's requests and 50.0 % of the baseline's are on routes without a p95 to compare: a (beyond the last bucket)"
    ]
  })
  const both = bucketedVerdict(bucketed('a', [0, 0, 400], [0, 0, 400]), usual)
  t.match(both, { verdict: 'inconclusive', why: [/a \(beyond the last bucket\)$/] })
  t.match(both.latency.routes[0], { ratio: { low: 0, high: null }, finding: 'open' })
  const quicker = bucketedVerdict(bucketed('a', [0, 0, 400], [400]), usual)
  t.match(quicker, { verdict: 'pass', notes: [] }, 'but a candidate that is quicker than all that is fine')
  t.equal(bucketedVerdict(bucketed('a', [0, 0, 400], [400])).verdict, 'pass', 'also alone')
  const few = bucketedVerdict(bucketed('a', [0, 0, 40], [0, 0, 40]), usual)
  t.match(few, { verdict: 'pass', notes: [/^6\.3 % .*: a \(beyond the last bucket\)$/] })
})
