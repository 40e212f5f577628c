import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { bounded, redactQuery } from '../../src/report/redact.ts'
import { spansOf } from '../../src/report/spans.ts'
import { outcomeOf } from './outcomes.ts'

t.test('values that open doors are replaced, their keys and all else stay', async t => {
  t.equal(redactQuery('a=1&sig=abc&b=2'), 'a=1&sig=REDACTED&b=2')
  t.equal(redactQuery('access_token=x'), 'access_token=REDACTED')
  t.equal(redactQuery('Signature=a=b&q'), 'Signature=REDACTED&q')
  t.equal(redactQuery('sig=1&sig=2'), 'sig=REDACTED&sig=REDACTED')
  t.equal(redactQuery('sig='), 'sig=REDACTED')
})

t.test('the four keys of the semantic conventions are among them', async t => {
  for (const key of ['AWSAccessKeyId', 'Signature', 'sig', 'X-Goog-Signature']) {
    t.equal(redactQuery(`${key}=open-sesame`), `${key}=REDACTED`)
  }
})

t.test('a key that only looks like one is left alone', async t => {
  for (const query of ['', 'signature_of=x', '=sig', 'sig', '&&', 'a=sig=1', 'q=a%26sig=b']) {
    t.equal(redactQuery(query), query)
  }
})

t.test('what a caller chose is cut at 256 characters', async t => {
  t.equal(bounded('a'.repeat(256)), 'a'.repeat(256))
  t.equal(bounded('a'.repeat(257)), 'a'.repeat(256))
  t.equal(bounded(`${'é'.repeat(255)}中`.padEnd(300)), `${'é'.repeat(255)}中`)
})

t.test('of what a caller sent at length a span keeps no more than it shows', async t => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const size = 32 * 1024
  const held: unknown[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 1000; i++) {
    // As the parser makes them: one text for each request.
    const long = Buffer.alloc(size, 97 + (i % 26)).toString('latin1')
    const url = `/orders/7?token=${long}`
    const query = url.slice(url.indexOf('?') + 1)
    held.push(spansOf(outcomeOf({ path: url.slice(0, 9), query, userAgent: long })))
  }
  collect()
  const each = (process.memoryUsage().heapUsed - before) / held.length
  t.ok(each < size / 2, `${Math.round(each)} bytes for a request of ${2 * size}`)
})
