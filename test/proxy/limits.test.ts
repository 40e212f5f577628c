import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { withinBody } from '../../src/proxy/limits.ts'
import type { Question } from '../../src/proxy/sides.ts'

/** A request with these pieces of a body, of a length that it says or not. */
function posting(pieces: readonly string[], length?: string): Question {
  const headers = length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }
  const own = { headers, complete: false, rawHeaders: [], httpVersion: '1.1' }
  // What is asked of it here needs no connection.
  return Object.assign(Readable.from(pieces.map(piece => Buffer.from(piece))), own) as unknown as Question
}

/** Reads all of it; how often it was too much. */
async function excess(t: Test, question: Question, most: number): Promise<number> {
  let times = 0
  t.ok(withinBody(question, most, () => times++))
  t.ok(question.isPaused(), 'it does not flow before somebody takes it')
  question.resume()
  await new Promise(resolve => question.on('end', resolve))
  return times
}

t.test('a length is judged before a byte has come', async t => {
  const never = () => t.fail('it is not counted')
  t.ok(withinBody(posting([], '10'), 10, never))
  t.notOk(withinBody(posting([], '11'), 10, never))
  t.notOk(withinBody(posting([], '99999999999999999999'), 10, never))
})

t.test('of a body that says no length each byte counts, and too many are told of once', async t => {
  t.equal(await excess(t, posting(['12345', '67890']), 10), 0)
  t.equal(await excess(t, posting(['12345', '67890', '1', '2']), 10), 1)
  t.equal(await excess(t, posting(['12345']), 0), 1)
})
