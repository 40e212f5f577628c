// Where requests are meant to go: matches, then keys, then turns. Pure but for the rules, which are real.
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { w3c } from '../../src/baggage/index.ts'
import type { Asked } from '../../src/proxy/asked.ts'
import { createBalancer, type State } from '../../src/proxy/balance.ts'
import { colourOf, createSplitter } from '../../src/proxy/split.ts'
import type { Upstream } from '../../src/rules/upstream.ts'
import { loaded } from '../rules/rule-files.ts'

function upstreamOf(t: Test, targets: string, keys = ''): Upstream {
  const { rules } = loaded(
    t,
    `
upstreams: { orders: { targets: [${targets}]${keys} } }
routes: [{ match: {}, upstream: orders }]
`
  )
  const upstream = rules.upstreams.get('orders')
  if (upstream === undefined) throw new Error('no upstream')
  return upstream
}

function target(name: string, weight: number, match = ''): string {
  const [side = '', number = '1'] = name.split('-')
  const more = match === '' ? '' : `, match: ${match}`
  return `{ url: "http://${name}-${number}", weight: ${weight}, tags: { service.tag: ${side}, pod: ${name} }${more} }`
}

type Said = { fields?: readonly (readonly [string, string])[]; query?: string; believed?: boolean }

function asking({ fields = [], query = '', believed = true }: Said): Asked {
  return {
    fields: fields.flat(),
    read: name => fields.find(([each]) => each.toLowerCase() === name)?.[1],
    each: () => [],
    query,
    believed,
    policy: { accept: [w3c] }
  }
}

/** Names which target serves, as the gateway finds it; `is` may put targets out by their names. */
function gate(upstream: Upstream) {
  const is = new Map<string, State>()
  const lines = upstream.targets.map(({ weight, side, tags }) => ({
    name: tags.get('pod') ?? '',
    weight,
    side,
    pending: () => 0,
    state: () => is.get(tags.get('pod') ?? '') ?? 'open'
  }))
  const balancer = createBalancer(lines, upstream.split)
  const splitter = createSplitter(upstream)
  const wishOf = (said: Said) => splitter?.(asking(said)) ?? balancer.draw()
  const find = (said: Said = {}) => balancer.next(wishOf(said))?.name ?? '-'
  const again = (said: Said, besides: string) =>
    balancer.next(
      wishOf(said),
      lines.find(({ name }) => name === besides)
    )?.name ?? '-'
  return { find, again, is, lines }
}

function tally(find: () => string, requests: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i < requests; i++) {
    const name = find()
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

const gray = '{ header: { x-gray: "1" } }'
const marked = { fields: [['X-Gray', '1']] } as const

t.test(
  'the split over 100,000 requests is within 0.5 points, a sticky key never changes side, and matches always win',
  async t => {
    const upstream = upstreamOf(
      t,
      [target('base-1', 3), target('base-2', 4), target('blue-1', 2), target('gray-1', 1, gray)].join(','),
      ', sticky: { cookie: user }'
    )
    const { find } = gate(upstream)
    const side = (name: string) => name.replace(/-.*/, '')
    const weights = Object.entries({ base: 70, blue: 20, gray: 10 })

    const turns = tally(() => side(find()), 100_000)
    for (const [name, points] of weights) {
      t.ok(Math.abs((turns.get(name) ?? 0) / 1000 - points) < 0.5, `${name} by turns: ${turns.get(name)}`)
    }
    const user = (i: number) => ({ fields: [['Cookie', `a=b; user=u${i}`]] as const })
    const first = Array.from({ length: 100_000 }, (_, i) => side(find(user(i))))
    for (const [name, points] of weights) {
      const share = first.filter(each => each === name).length / 1000
      t.ok(Math.abs(share - points) < 0.5, `${name} by keys: ${share} %`)
    }
    let changed = 0
    let lost = 0
    for (let i = 99_999; i >= 0; i--) {
      if (side(find(user(i))) !== first[i]) changed++
      const match = { fields: [...user(i).fields, ...marked.fields] }
      if (side(find(match)) !== 'gray') lost++
    }
    t.equal(changed, 0, 'keys that changed side')
    t.equal(lost, 0, 'matches that lost')
  }
)

t.test('a side that drags has its share all the same; within it the quick target has more', async t => {
  const upstream = upstreamOf(t, [target('base-1', 1), target('base-2', 1), target('gray-1', 2)].join(','))
  const busy = new Map([
    ['gray-1', 50],
    ['base-1', 9]
  ])
  const lines = upstream.targets.map(({ weight, side, tags }) => {
    const name = tags.get('pod') ?? ''
    return { name, weight, side, pending: () => busy.get(name) ?? 0, state: () => 'open' as const }
  })
  const { draw, next } = createBalancer(lines, upstream.split)
  const turns = tally(() => next(draw())?.name ?? '-', 1100)
  t.equal(turns.get('gray-1'), 550)
  t.equal(turns.get('base-1'), 50)
  t.equal(turns.get('base-2'), 500)
})

t.test('the most particular match wins, and the first among equals', async t => {
  const { find } = gate(
    upstreamOf(
      t,
      [
        target('base-1', 1),
        target('many-1', 0, '{ key: { header: user }, share: 100% }'),
        target('one-1', 0, '{ header: { x-gray: "1" } }'),
        target('late-1', 0, '{ query: { gray: "1" } }'),
        target('two-1', 0, '{ header: { x-gray: "1" }, cookie: { gray: "yes" } }')
      ].join(',')
    )
  )
  t.equal(find(), 'base-1')
  t.equal(find({ fields: [['User', 'a']] }), 'many-1')
  t.equal(find({ fields: [['User', 'a'], ...marked.fields] }), 'one-1')
  t.equal(find({ ...marked, query: 'gray=1' }), 'one-1')
  t.equal(find({ query: 'a=b&gray=%31' }), 'late-1')
  t.equal(find({ fields: [...marked.fields, ['Cookie', 'gray=yes']] }), 'two-1')
})

t.test('one of a list of matches is enough, and targets with the same match share its requests', async t => {
  const matches = `[${gray}, { query: { gray: "1" } }]`
  const { find } = gate(
    upstreamOf(t, [target('base-1', 1), target('gray-1', 0, matches), target('gray-2', 0, matches)].join(','))
  )
  t.same([...tally(() => find(marked), 10)].sort(), [
    ['gray-1', 5],
    ['gray-2', 5]
  ])
  t.match(find({ query: 'gray=1' }), /^gray/)
  t.same([...tally(() => find(), 10)], [['base-1', 10]], 'of the others they get none')
})

t.test('a share of keys is always the same keys, and grows by new ones alone', async t => {
  const inside = (share: string) => {
    const { find } = gate(
      upstreamOf(
        t,
        [target('base-1', 1), target('gray-1', 0, `{ key: { query: user }, share: ${share} }`)].join(',')
      )
    )
    return Array.from({ length: 20_000 }, (_, i) => i).filter(i => find({ query: `user=u${i}` }) === 'gray-1')
  }
  const ten = inside('10%')
  const twenty = new Set(inside('20%'))
  t.ok(Math.abs(ten.length - 2000) < 100, `${ten.length} of 20,000`)
  t.ok(Math.abs(twenty.size - 4000) < 150, `${twenty.size} of 20,000`)
  t.ok(ten.every(i => twenty.has(i)))
  t.equal(inside('0%').length, 0)
})

t.test('by baggage only believed callers choose, unless the rule says any', async t => {
  const baggage = { fields: [['baggage', 'tenant=a,service.tag=gray']] } as const
  const meant = '{ baggage: { service.tag: gray } }'
  const { find } = gate(upstreamOf(t, [target('base-1', 1), target('gray-1', 0, meant)].join(',')))
  t.equal(find({ ...baggage, believed: true }), 'gray-1')
  t.equal(find({ ...baggage, believed: false }), 'base-1')
  t.equal(find({ fields: [['baggage', 'service.tag=grayish']] }), 'base-1')
  const any = '{ baggage: { service.tag: gray }, callers: any }'
  const open = gate(upstreamOf(t, [target('base-1', 1), target('gray-1', 0, any)].join(',')))
  t.equal(open.find({ ...baggage, believed: false }), 'gray-1')
  const closed = '{ header: { x-gray: "1" }, callers: believed }'
  const shut = gate(upstreamOf(t, [target('base-1', 1), target('gray-1', 0, closed)].join(',')))
  t.equal(shut.find({ ...marked, believed: false }), 'base-1')
  t.equal(shut.find({ ...marked, believed: true }), 'gray-1')
})

t.test('where no target of a side is well another stands in, and only one that may', async t => {
  const targets = [target('base-1', 9), target('gray-1', 1, gray), target('gray-2', 1, gray)].join(',')
  const { find, is } = gate(upstreamOf(t, targets))
  is.set('gray-1', 'out')
  t.equal(find(marked), 'gray-2', 'its own first')
  is.set('gray-2', 'lost')
  t.equal(find(marked), 'base-1')
  is.set('gray-2', 'full')
  t.equal(find(marked), 'base-1')
  is.clear()
  is.set('base-1', 'out')
  t.match(find(), /^gray/, 'by turns as well')

  const oneWay = gate(upstreamOf(t, targets, ', fallback: [base]'))
  for (const name of ['gray-1', 'gray-2']) oneWay.is.set(name, 'lost')
  t.equal(oneWay.find(marked), 'base-1')
  oneWay.is.clear()
  oneWay.is.set('base-1', 'lost')
  t.same([...tally(() => oneWay.find(), 110)].sort(), [
    ['base-1', 90],
    ['gray-1', 10],
    ['gray-2', 10]
  ])

  const none = gate(upstreamOf(t, targets, ', fallback: none'))
  for (const name of ['gray-1', 'gray-2']) none.is.set(name, 'out')
  t.match(none.find(marked), /^gray/)
})

t.test('what is meant for a small side that is out is not held back because most targets are', async t => {
  const targets = [target('base-1', 9), target('gray-1', 1, gray), target('gray-2', 1, gray)].join(',')
  const { find, is } = gate(upstreamOf(t, targets))
  for (const name of ['gray-1', 'gray-2']) is.set(name, 'out')
  t.equal(find(marked), 'base-1', 'most of the weight is well')
  const many = [1, 2, 3, 4].map(i => target(`base-${i}`, 9))
  const wide = gate(upstreamOf(t, [...many, target('gray-1', 1)].join(',')))
  for (const i of [1, 2, 3, 4]) wide.is.set(`base-${i}`, 'out')
  t.equal(tally(() => wide.find(), 370).get('gray-1'), 10, 'one would drown in what four had to bear')
})

t.test('what is sent again stays on its side while one of it is well', async t => {
  const targets = [target('base-1', 9), target('gray-1', 1, gray), target('gray-2', 1)].join(',')
  const { again, is } = gate(upstreamOf(t, targets))
  t.equal(again(marked, 'gray-1'), 'gray-2')
  is.set('gray-2', 'lost')
  t.equal(again(marked, 'gray-1'), 'gray-1', 'the same one, for it is well')
  is.set('gray-1', 'lost')
  t.equal(again(marked, 'gray-1'), 'base-1')
})

t.test('bytes that make no sense choose nothing', async t => {
  const sticky = upstreamOf(
    t,
    [target('base-1', 1), target('gray-1', 1)].join(','),
    ', sticky: { cookie: user }'
  )
  const { draw } = createBalancer([], sticky.split)
  t.equal(draw(), undefined)
  const wish = createSplitter(sticky)
  for (const cookie of [
    '',
    ';',
    'user',
    'user=',
    '; ;user=',
    'xuser=1',
    `user=${'a'.repeat(513)}`,
    'User=1',
    '=;='
  ]) {
    t.equal(wish?.(asking({ fields: [['Cookie', cookie]] })), undefined, cookie.slice(0, 20))
  }
  t.ok(
    wish?.(
      asking({
        fields: [
          ['cookie', 'a=b'],
          ['cookie', 'user=1']
        ]
      })
    ),
    'HTTP/2 may send each by itself'
  )
  for (const cookie of ['user=1', ' user=1 ', 'a=b;user=1', 'a; user="1"; user=2']) {
    t.equal(
      wish?.(asking({ fields: [['Cookie', cookie]] }))?.side,
      wish?.(asking({ fields: [['cookie', 'user=1']] }))?.side,
      cookie
    )
  }
  const query = upstreamOf(
    t,
    [target('base-1', 1), target('gray-1', 1, '{ query: { "a b": "1 2" } }')].join(',')
  )
  const find = createSplitter(query)
  for (const text of ['', '&', '=', '&&=&', 'a=b', 'a%20b', '%', '%zz=%', 'a b=1']) {
    t.equal(find?.(asking({ query: text })), undefined, text)
  }
  for (const text of ['a%20b=1+2', 'a+b=1%202&a+b=3', 'x&a+b=1+2']) {
    t.equal(find?.(asking({ query: text }))?.side, 'gray', text)
  }
})

t.test('a request keeps the colour that a believed caller says, else that of its side', async t => {
  const carry = { baggage: 'service.tag', header: 'x-service-tag' }
  const baggage = ['baggage', 'Service.Tag=blue'] as const
  const header = ['X-Service-Tag', 'green'] as const
  t.equal(colourOf(carry, asking({}), 'gray'), 'gray')
  t.equal(colourOf(carry, asking({ fields: [baggage, header] }), 'gray'), 'blue')
  t.equal(colourOf(carry, asking({ fields: [header] }), 'gray'), 'green')
  t.equal(colourOf(carry, asking({ fields: [baggage, header], believed: false }), 'gray'), 'gray')
  t.equal(colourOf(carry, asking({}), ''), undefined)
  for (const unfit of [
    'service.tag=a%0d%0ab',
    'service.tag=',
    `service.tag=${'a'.repeat(65)}`,
    'service.tag=%E2%82%AC'
  ]) {
    t.equal(colourOf(carry, asking({ fields: [['baggage', unfit]] }), 'gray'), 'gray', unfit.slice(0, 30))
  }
})

t.test(
  'whatever becomes of targets, a side serves its own while it can, and is never stood in for by who may not',
  async t => {
    const one = fc.record({
      side: fc.constantFrom('base', 'gray', 'blue'),
      weight: fc.integer({ min: 1, max: 9 }),
      state: fc.constantFrom<State>('open', 'out', 'lost', 'full')
    })
    const may = fc.constantFrom<'any' | ReadonlySet<string>>('any', new Set(), new Set(['base']))
    const world = fc.record({
      targets: fc.array(one, { minLength: 1, maxLength: 6 }),
      may,
      besides: fc.nat(6)
    })
    fc.assert(
      fc.property(world, ({ targets, may, besides }) => {
        const lines = targets.map(({ side, weight, state }) => ({
          side,
          weight,
          pending: () => 0,
          state: () => state,
          is: state
        }))
        const { draw, next } = createBalancer(lines, { matches: [], fallback: may })
        for (let turn = 0; turn < 5; turn++) {
          const wish = draw()
          const own = lines.filter(({ side }) => wish === undefined || side === wish.side)
          for (const line of [next(wish), next(wish, lines[besides])]) {
            if (line === undefined) return false
            const isOwn = own.includes(line)
            if (!isOwn && may !== 'any' && !may.has(line.side)) return false
            if (!isOwn && own.some(({ is }) => is === 'open')) return false
            if (isOwn && line.is === 'lost' && lines.some(({ is }) => is === 'open') && may === 'any')
              return false
          }
        }
        return true
      })
    )
    t.pass()
  }
)
