import fc from 'fast-check'
import t from 'tap'
import type { Residue, Sampling, TraceContext } from '../../src/trace/context.ts'
import { originOf, priorityFor, readState, readTags, writeState, writeTags } from '../../src/trace/datadog.ts'
import { parseTracestate } from '../../src/trace/tracestate.ts'

const context: TraceContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentId: undefined,
  sampling: 'keep',
  bits: 128,
  random: false,
  tracestate: '',
  residue: undefined
}

const stateOf = (entries: readonly (readonly [string, string])[], sampling: Sampling = 'keep') =>
  writeState({ ...context, sampling, residue: new Map(entries) })

/** What is written for a member that came with this decision. */
const again = (value: string, sampling: Sampling) =>
  writeState({ ...context, sampling, residue: readState(value) })

t.test('a person’s own word outlives the trip, but never contradicts the decision', async t => {
  const rows: readonly (readonly [Sampling, string | undefined, string | undefined])[] = [
    ['keep', undefined, '1'],
    ['keep', '2', '2'],
    ['keep', '-1', '1'],
    ['drop', undefined, '0'],
    ['drop', '-1', '-1'],
    ['drop', '2', '0'],
    ['debug', undefined, '2'],
    ['debug', '-1', '2'],
    ['defer', '2', undefined]
  ]
  for (const [sampling, said, priority] of rows)
    t.equal(priorityFor(sampling, said), priority, `${sampling} ${said}`)
})

t.test('tags are propagated ones, each once, without half of the trace id', async t => {
  t.strictSame(readTags('_dd.p.dm=-4,_dd.p.tid=4bf92f3577b34da6,other=1, _dd.p.usr = a=b== ,_dd.p.dm=-1'), {
    highHalf: '4bf92f3577b34da6',
    tags: '_dd.p.dm=-4,_dd.p.usr=a=b=='
  })
  const nothing = { highHalf: undefined, tags: '' }
  const bad = [
    '',
    ',',
    '=',
    'x',
    '_dd.p.',
    '_dd.p.=1',
    '_dd.p.a=',
    '_dd.p.a b=1',
    '_dd.p.a=é',
    '_dd.p.a=\0',
    '__proto__=1'
  ]
  for (const list of bad) t.strictSame(readTags(list), nothing, JSON.stringify(list))
  for (const half of ['xyz', '', '4BF92F3577B34DA6', '4bf92f3577b34da', '4bf92f3577b34da60']) {
    t.strictSame(readTags(`_dd.p.tid=${half}`), nothing, half)
  }
  t.equal(readTags('_dd.p.tid=xyz,_dd.p.tid=4bf92f3577b34da6').highHalf, undefined, 'the first counts')
})

t.test('half of the trace id is never left out for the sake of tags', async t => {
  const tags = '_dd.p.dm=-4'
  t.equal(writeTags('4bf92f3577b34da6', tags, 512), '_dd.p.tid=4bf92f3577b34da6,_dd.p.dm=-4')
  t.equal(writeTags('4bf92f3577b34da6', tags, 37), '_dd.p.tid=4bf92f3577b34da6')
  t.equal(writeTags('4bf92f3577b34da6', undefined, 512), '_dd.p.tid=4bf92f3577b34da6')
  t.equal(writeTags(undefined, tags, 512), tags)
  t.equal(writeTags(undefined, tags, 10), '')
  t.equal(writeTags(undefined, undefined, 512), '')
})

t.test('an origin is text on one line without a comma', async t => {
  t.equal(originOf('synthetics-browser'), 'synthetics-browser')
  for (const bad of ['', 'rum,rum', 'é', 'a\0', 'a\nb', 'x'.repeat(129)])
    t.equal(originOf(bad), undefined, bad)
})

t.test('the member says priority, origin, last span and tags', async t => {
  const entries: [string, string][] = [
    ['datadog.priority', '2'],
    ['datadog.origin', 'rum=a;b~c'],
    ['datadog.parent', '00f067aa0ba902b7'],
    ['datadog.tags', '_dd.p.dm=-4,_dd.p.usr.id=dGVzdA==,_dd.p.a:b=x;y~z']
  ]
  const value = 's:2;o:rum~a_b_c;p:00f067aa0ba902b7;t.dm:-4;t.usr.id:dGVzdA~~;t.a_b:x_y_z'
  t.equal(stateOf(entries), value)
  t.equal(stateOf(entries, 'drop'), value.replace('s:2', 's:0'))
  t.equal(stateOf(entries, 'defer'), value.replace('s:2;', ''))
  t.equal(stateOf([['datadog.parent', '00f067aa0ba902b7']]), 's:1;p:00f067aa0ba902b7')
  t.equal(stateOf([['datadog.priority', '2']], 'defer'), undefined)
})

t.test('where there is nothing of Datadog there is no member', async t => {
  t.equal(writeState(context), undefined)
  t.equal(stateOf([['xray.fields', 'a=b']]), undefined)
})

t.test('tags that do not fit into a member are left out whole', async t => {
  const tags = `_dd.p.long=${'x'.repeat(250)},_dd.p.dm=-4`
  t.equal(stateOf([['datadog.tags', tags]]), 's:1;t.dm:-4')
})

t.test('a member is read back into what it was made of', async t => {
  const value = 's:-1;o:rum~a;p:00f067aa0ba902b7;t.dm:-4;t.usr.id:dGVzdA~~'
  const residue: Residue = new Map([
    ['datadog.state', value],
    ['datadog.priority', '-1'],
    ['datadog.origin', 'rum=a'],
    ['datadog.parent', '00f067aa0ba902b7'],
    ['datadog.tags', '_dd.p.dm=-4,_dd.p.usr.id=dGVzdA==']
  ])
  t.strictSame(readState(value), residue)
})

t.test('the trace id is traceparent’s to say, and what cannot be read is not taken', async t => {
  for (const value of [
    't.tid:4bf92f3577b34da6',
    's:1',
    's:x',
    'p:0',
    'p:00F067AA0BA902B7',
    't.:1',
    't.a:',
    ';;:',
    '__proto__:1'
  ]) {
    t.strictSame([...readState(value).keys()], ['datadog.state'], value)
  }
  t.equal(readState('o:rum;o:lambda').get('datadog.origin'), 'rum', 'the first counts')
})

t.test('a member that came goes on byte for byte, but for a priority that contradicts', async t => {
  const value = 't.dm:-4;s:1;x:unknown;;p:00f067aa0ba902b7'
  t.equal(again(value, 'keep'), value)
  t.equal(again(value, 'defer'), value)
  t.equal(again(value, 'drop'), value.replace('s:1', 's:0'))
  t.equal(again(value, 'debug'), value.replace('s:1', 's:2'))
  t.equal(again('s:-1', 'drop'), 's:-1')
  t.equal(again('s:-1', 'keep'), 's:1')
  t.equal(again('s:0;o:rum', 'keep'), 's:1;o:rum')
  t.equal(again('s:2', 'keep'), 's:2')
  for (const unclear of ['s:', 's:x', 's:1.5', 'o:rum']) t.equal(again(unclear, 'drop'), unclear)
})

t.test('whatever is written is a member that tracestate allows', async t => {
  const text = fc.string({ unit: fc.constantFrom(...'ab=~;:,_. -0/'), minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 12 }), text, (pairs, from) => {
      const { tags } = readTags(pairs.map(([key, value]) => `_dd.p.${key}=${value}`).join(','))
      const origin = originOf(from.trim())
      const value = stateOf([
        ['datadog.parent', '00f067aa0ba902b7'],
        ...(tags === '' ? [] : [['datadog.tags', tags] as const]),
        ...(origin === undefined ? [] : [['datadog.origin', origin] as const])
      ])
      const list = `dd=${value}`
      return parseTracestate(list).list === list
    })
  )
  t.pass('every one')
})
