import t from 'tap'
import { sentry } from '../../src/dialects/sentry.ts'
import { type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { expected, reasonOf, seen } from './reading.ts'

const ids = '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7'

const extract = (value: string) => sentry.extract(readerOf([['sentry-trace', value]]))

contract(t, sentry)
encodings(t, sentry, 'sentry')

// What a vector says of baggage is not this dialect's to read.
for (const vector of vectors<Reading>('sentry')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = sentry.extract(readerOf(vector.headers))
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), vector.expect.extra['reason'])
  })
}

t.test('what Sentry’s own pattern lets pass is not let pass here', async t => {
  for (const bad of [
    `${ids}-`,
    `${ids}-1-`,
    `${ids}-2`,
    ids.toUpperCase(),
    ids.slice(0, 32),
    `${ids}1`,
    '-1',
    '1'
  ]) {
    t.equal(reasonOf(extract(bad)), 'malformed', bad)
  }
})

t.test('ids of zeros are no ids', async t => {
  t.equal(reasonOf(extract(`4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-1`)), 'zero-id')
})

t.test('control bytes, and any length, are malformed', async t => {
  for (const bad of [`${ids}\n`, `\0${ids}`, `${ids}-1\r\nx: y`, 'x'.repeat(5000)]) {
    t.equal(reasonOf(extract(bad)), 'malformed', JSON.stringify(bad.slice(0, 60)))
  }
})
