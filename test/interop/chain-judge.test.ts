// The judge of chains needs no agent: that it would complain is shown here.
import t from 'tap'
import { brokenRefs, brokenSpans } from './chain-judge.ts'
import type { Ref, Segment } from './oap.ts'

function ref(segment: string, index: number, traceid = 'trace'): Ref {
  return {
    traceid,
    parenttracesegmentid: segment,
    parentspanid: index,
    parentservice: 'front',
    networkaddressusedatpeer: 'here'
  }
}

/** An entry and an exit. */
function segment(id: string, refs: readonly Ref[]): Segment {
  const span = { operationname: 'GET:/', peer: 'there' }
  return {
    traceid: 'trace',
    tracesegmentid: id,
    service: id,
    spansList: [
      { ...span, spanid: 0, parentspanid: -1, spantype: 0, refsList: refs },
      { ...span, spanid: 1, parentspanid: 0, spantype: 1, refsList: [] }
    ]
  }
}

const whole = [segment('a', []), segment('b', [ref('a', 1)])]

t.test('segments that are one tree are whole', async t => {
  t.same(brokenRefs(whole, undefined), [])
  t.same(brokenRefs([segment('a', [ref('page', 0)]), segment('b', [ref('a', 1)])], 'page 0'), [])
})

t.test('what hangs loose is told', async t => {
  const cases: readonly (readonly [readonly Segment[], RegExp])[] = [
    [[segment('a', []), segment('b', [ref('a', 2)])], /b 0 refers to a 2, which nobody reported/],
    [[segment('a', []), segment('b', [ref('a', 1, 'other')])], /b 0 refers to trace other/],
    [[segment('a', []), segment('b', [])], /2 roots: a 0, b 0/],
    [[segment('a', [ref('page', 0)])], /a 0 refers to page 0/],
    [[{ ...segment('a', []), spansList: segment('a', []).spansList.slice(1) }], /no parent in its segment/],
    [[], /0 roots/]
  ]
  for (const [segments, expected] of cases) t.match(brokenRefs(segments, undefined).join('; '), expected)
})

t.test('spans are judged by their ids', async t => {
  const spans = [
    { id: '1', parentId: '' },
    { id: '2', parentId: '1' }
  ]
  t.same(brokenSpans(spans, ['']), [])
  t.match(brokenSpans([...spans, { id: '4', parentId: '3' }], ['']), [/4 hangs on 3, which nobody reported/])
  t.match(brokenSpans([...spans, { id: '5', parentId: '' }], ['']), [/2 roots/])
})
