import fc from 'fast-check'
import t from 'tap'
import { readReport } from '../../src/gate/report.ts'
import { parseSelector, selects, writeTag } from '../../src/gate/selector.ts'
import { between, type Snapshot, sidesOf } from '../../src/gate/snapshot.ts'
import { parseText } from '../../src/rules/names.ts'

const written = {
  instance: 'a',
  epoch: 'life-1',
  at: '2026-01-02T03:04:05.006Z',
  since: '2026-01-02T03:00:00.000Z',
  beyond: 0,
  incomplete: [],
  lost: 0
}

function series(tag: string, counts: readonly number[], errors = 0, route = 'orders') {
  const count = counts.reduce((sum, one) => sum + one, 0)
  return { route, tags: { 'service.tag': tag }, count, errors, sketch: { gamma: 1.02, first: 100, counts } }
}

function snapshot(all: readonly unknown[], differing: object = {}): Snapshot {
  const read = readReport('gateway:9901', { ...written, series: all, ...differing })
  if ('wrong' in read) throw new Error(read.wrong)
  return read.snapshot
}

function selector(text: string) {
  const parsed = parseSelector(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

const sides = { baseline: selector('service.tag=base'), candidate: selector('service.tag=gray') }

t.test('what came between two snapshots is counted for its side', async t => {
  const earlier = snapshot([series('base', [5, 5], 1), series('other', [3])])
  const later = snapshot([series('base', [5, 8], 2), series('other', [3]), series('gray', [1])])
  const since = between(earlier, later)
  const counted = sidesOf(since ?? [], sides)
  t.match(counted, [
    { side: 'baseline', route: 'orders', errors: 1, latency: { count: 3 } },
    { side: 'candidate', route: 'orders', errors: 0, latency: { count: 1 } }
  ])
  t.equal(since?.length, 2, 'what did not move is not counted')
})

t.test('a life of its own cannot be subtracted from another', async t => {
  const earlier = snapshot([series('base', [5, 5], 1)])
  for (const [later, why] of [
    [
      snapshot([series('base', [50, 50], 10)], { epoch: 'life-2' }),
      'another epoch, although there is more of all'
    ],
    [snapshot([series('base', [5, 4], 1)]), 'fewer requests'],
    [snapshot([series('base', [5, 5], 0)]), 'fewer errors'],
    [snapshot([]), 'nothing any more']
  ] as const) {
    t.equal(between(earlier, later), undefined, why)
  }
})

t.test('another life is seen even where the earlier snapshot held nothing', async t => {
  const later = snapshot([series('base', [500])], { epoch: 'life-2' })
  t.equal(between(snapshot([]), later), undefined)
  t.equal(between(snapshot([]), snapshot([series('base', [5])]))?.length, 1, 'of the same life it is new')
})

t.test('of a source of many processes, what was not seen before counts only where it is new', async t => {
  const of = (
    all: readonly (readonly [epoch: string, since: number, tag: string])[],
    at: number
  ): Snapshot => ({
    who: 'prometheus',
    epoch: '',
    at,
    beyond: 0,
    lost: 0,
    doubt: undefined,
    series: new Map(
      all.map(([epoch, since, tag]) => {
        const [read] = snapshot([series(tag, [5])]).series.values()
        if (read === undefined) throw new Error('no series')
        return [`${epoch} ${tag}`, { ...read, epoch, since }]
      })
    )
  })
  const known = of([['a 1', 1, 'base']], 10)
  const count = (later: Snapshot, earlier = known) => between(earlier, later)?.length
  t.equal(
    count(
      of(
        [
          ['a 1', 1, 'base'],
          ['a 1', 1, 'gray']
        ],
        20
      )
    ),
    1,
    'a first request of a known process'
  )
  t.equal(
    count(
      of(
        [
          ['a 1', 1, 'base'],
          ['b 15', 15, 'gray']
        ],
        20
      )
    ),
    1,
    'a process that has begun since'
  )
  t.equal(
    count(
      of(
        [
          ['a 1', 1, 'base'],
          ['b 5', 5, 'gray']
        ],
        20
      )
    ),
    undefined,
    'one that was not scraped'
  )
  t.equal(count(known, of([], 5)), undefined, 'nothing was scraped')
})

t.test('a target of both sides is of none', async t => {
  const counted = snapshot([series('base', [5])])
  const both = { baseline: selector('service.tag=base'), candidate: selector('service.tag=base') }
  t.equal(sidesOf([...counted.series.values()], both), undefined)
})

t.test('a selector names tags, all of which must be there', async t => {
  const two = selector('service.tag=gray,version=1.9')
  t.ok(
    selects(
      two,
      new Map([
        ['service.tag', 'gray'],
        ['version', '1.9'],
        ['zone', 'a']
      ])
    )
  )
  t.notOk(selects(two, new Map([['service.tag', 'gray']])))
  for (const wrong of [
    ...['', 'gray', '=gray', 'a=', 'a=b,', 'a=b,c', 'a=b, c=d', 'a =b', 'a= b', 'a=b\n', ',a=b'],
    ...['a="b', 'a="b"c', 'a=""', 'a="b\\c"', `a=${'b'.repeat(257)}`]
  ]) {
    t.equal(parseSelector(wrong), undefined, wrong)
  }
})

t.test('a selector names every tag that rules allow', async t => {
  t.same(selector('version=1.9 rc,étage=größer,a=b=c').tags, [
    ['version', '1.9 rc'],
    ['étage', 'größer'],
    ['a', 'b=c']
  ])
  t.same(selector('version="1,9","a=b"="say \\"hi\\""').tags, [
    ['version', '1,9'],
    ['a=b', 'say "hi"']
  ])
  const text = fc
    .string({ minLength: 1, maxLength: 9, unit: 'grapheme' })
    .filter(one => parseText(one) === one)
  const sign = fc.constantFrom('"', ',', '=', '\\', ' ', 'a')
  const odd = fc.string({ minLength: 1, maxLength: 9, unit: sign }).filter(one => parseText(one) === one)
  const any = fc.oneof(text, odd)
  fc.assert(
    fc.property(fc.array(fc.tuple(any, any), { minLength: 1, maxLength: 3 }), tags => {
      const written = tags.map(([key, value]) => writeTag(key, value)).join(',')
      t.same(parseSelector(written)?.tags, tags, written)
    })
  )
})

t.test('a report that does not add up is none', async t => {
  const sound = { ...written, series: [series('base', [5, 5], 1)] }
  t.ok('snapshot' in readReport('a', sound))
  t.ok('snapshot' in readReport('a', { ...sound, more: true }), 'what a newer one says besides is no harm')
  for (const wrong of [
    undefined,
    null,
    [],
    'report',
    {},
    { ...sound, epoch: '' },
    { ...sound, at: 'yesterday' },
    { ...sound, beyond: -1 },
    { ...sound, series: {} },
    { ...sound, series: [{ ...series('base', [5]), count: 6 }] },
    { ...sound, series: [{ ...series('base', [5]), errors: 6 }] },
    { ...sound, series: [series('base', [5]), series('base', [5])] },
    { ...sound, series: [{ ...series('base', [5]), sketch: { gamma: 1.1, first: 0, counts: [5] } }] },
    { ...sound, series: [{ ...series('base', [5]), tags: { version: 5 } }] }
  ]) {
    t.match(readReport('a', wrong), { wrong: /./ }, JSON.stringify(wrong))
  }
})
