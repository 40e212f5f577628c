import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import type { Read } from '../../src/dialects/dialect.ts'
import { absent, type Received } from '../../src/trace/context.ts'
import { type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

contract(t, b3)
encodings(t, b3, 'b3-single')

for (const vector of vectors<Reading>('b3-single')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = b3.extract(readerOf(vector.headers))
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), vector.expect.extra['reason'])
    if (received.kind === 'context') t.equal(received.context.bits, vector.expect.extra['traceIdBits'])
  })
}

/** Both encodings asked in turn, the second only if the first was not spoken well. */
function both(read: Read): { encoding: string; received: Received } {
  let last: Received = absent
  let encoding = ''
  let superseded: readonly string[] = []
  for (const dialect of [b3, b3multi]) {
    if (superseded.includes(dialect.name)) continue
    const received = dialect.extract(read)
    if (received === absent) continue
    last = received
    encoding = dialect === b3 ? 'single' : 'multi'
    if (received.kind !== 'none') superseded = dialect.supersedes
  }
  return { encoding, received: last }
}

for (const vector of vectors<Reading>('b3')) {
  t.test(`reads both encodings: ${vector.name}`, async t => {
    const { encoding, received } = both(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (extra['encoding'] !== undefined) t.equal(encoding, extra['encoding'])
    if (received.kind === 'context') t.equal(received.context.bits, extra['traceIdBits'])
  })
}

t.test('a third field of 16 digits is the parent of an undecided trace', async t => {
  const received = b3.extract(readerOf([['b3', '64fe8b2a57d3eff7-e457b5a2e4d86bd1-05e3ac9a4f6e3b90']]))
  t.match(received, { kind: 'context', context: { sampling: 'defer', parentId: '05e3ac9a4f6e3b90' } })
})

t.test('a parent of zeros is none, an id with a low half of zeros is one', async t => {
  const traceId = `64fe8b2a57d3eff7${'0'.repeat(16)}`
  const received = b3.extract(readerOf([['b3', `${traceId}-e457b5a2e4d86bd1-d-${'0'.repeat(16)}`]]))
  t.match(received, { kind: 'context', context: { traceId, sampling: 'debug', parentId: undefined } })
})

t.test('upper case, two lines and words for the state are malformed', async t => {
  for (const value of [
    '64FE8B2A57D3EFF7-e457b5a2e4d86bd1-1',
    '64fe8b2a57d3eff7-e457b5a2e4d86bd1-true',
    '64fe8b2a57d3eff7-e457b5a2e4d86bd1-1,1',
    '64fe8b2a57d3eff7a-e457b5a2e4d86bd1-1',
    '1,1'
  ]) {
    t.equal(reasonOf(b3.extract(readerOf([['b3', value]]))), 'malformed', value)
  }
  t.equal(reasonOf(b3.extract(readerOf([['b3', 'D']]))), 'bad-sampling-state')
})

t.test('Zipkin shows a trace in the width it began with', async t => {
  const narrow = contextOf(b3.extract(readerOf([['b3', '64fe8b2a57d3eff7-e457b5a2e4d86bd1-1']])))
  const padded = '64fe8b2a57d3eff7'.padStart(32, '0')
  const wide = contextOf(b3.extract(readerOf([['b3', `${padded}-e457b5a2e4d86bd1-1`]])))
  t.equal(narrow.traceId, wide.traceId)
  t.equal(b3.traceIdText(narrow), '64fe8b2a57d3eff7')
  t.equal(b3.traceIdText(wide), padded)
})
