import t from 'tap'
import { isAnswer } from '../../src/proxy/answer-validity.ts'

t.test('an answer has a status, and a body that somebody else can read', async t => {
  t.ok(isAnswer(200, undefined))
  t.ok(isAnswer(103, undefined))
  t.ok(isAnswer(599, 'Chunked'))
  for (const status of [0, 99, 600, 999, Number.NaN]) t.notOk(isAnswer(status, undefined), String(status))
  for (const coding of ['gzip', 'gzip, chunked', 'identity', '', ['chunked', 'chunked']]) {
    t.notOk(isAnswer(200, coding), String(coding))
  }
})
