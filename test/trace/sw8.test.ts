import t from 'tap'
import { cut, readSw8, readSw8Extension, writeSw8 } from '../../src/trace/sw8.ts'
import { readerOf, type Vector, vectors } from '../vectors/vectors.ts'

type Extending = Vector<{
  readonly kind: 'none' | 'extension'
  readonly skipAnalysis: boolean
  readonly sendingTimestamp: number | null
}>

for (const { name, headers, expect } of vectors<Extending>('sw8-x')) {
  t.test(`reads the extension: ${name}`, async t => {
    const got = readSw8Extension(readerOf(headers)('sw8-x'))
    t.equal(got === undefined ? 'none' : 'extension', expect.kind)
    t.equal(got?.skipAnalysis ?? false, expect.skipAnalysis)
    t.equal(got?.sentAt ?? null, expect.sendingTimestamp)
  })
}

t.test('what is written is read', async t => {
  const header = {
    trace: '3.4.5',
    segment: '1.2.3',
    index: 4,
    service: '订单服务',
    instance: 'i',
    endpoint: '/下单',
    peer: 'p:1'
  }
  t.strictSame(readSw8(writeSw8(header)), { sampled: true, ...header })
})

t.test('a text is cut between characters', async t => {
  t.equal(cut('abc', 3), 'abc')
  t.equal(cut('abcd', 3), 'abc')
  t.equal(cut('ab😀', 3), 'ab')
  t.equal(cut('a😀b', 3), 'a😀')
})
