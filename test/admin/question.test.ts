import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { questionOf } from '../../src/admin/question.ts'

const plain = { method: 'GET', path: '/', host: undefined, from: '127.0.0.1', headers: [] }

t.test('what is left out has a default, all of it too', async t => {
  t.strictSame(questionOf(''), { question: plain })
  t.strictSame(questionOf('{}'), { question: plain })
})

t.test('headers are pairs, or an object', async t => {
  const headers = [
    ['b3', '0'],
    ['x', 'y']
  ]
  t.strictSame(questionOf(JSON.stringify({ headers })), { question: { ...plain, headers } })
  t.strictSame(questionOf('{"headers":{"b3":"0","x":"y"}}'), { question: { ...plain, headers } })
})

t.test('a whole question', async t => {
  const question = { method: 'POST', path: '/a?b', host: 'shop', from: '::1', headers: [['b3', '0']] }
  t.strictSame(questionOf(JSON.stringify(question)), { question })
})

t.test('what is wrong is said, by the key', async t => {
  for (const [text, problem] of [
    ['{', 'the body is not JSON'],
    ['[]', /^the body: expected/],
    ['7', /^the body: expected/],
    ['null', /^the body: expected/],
    ['{"path":"orders"}', /^path: expected/],
    ['{"path":7}', /^path: expected/],
    ['{"from":"nobody"}', /^from: expected/],
    ['{"method":{}}', /^method: expected/],
    ['{"headers":"b3: 0"}', /^headers: expected/],
    ['{"headers":[["b3"]]}', /^headers/],
    ['{"headers":{"b3":0}}', /^headers/]
  ] as const) {
    t.match(questionOf(text), { problem }, text)
  }
})

t.test('no byte of the body is repeated in what is said of it', async t => {
  for (const text of [
    '{"headers":{"<script>":0}}',
    '{"headers":[["<script>",0]]}',
    '<script>',
    '{"from":"<script>"}'
  ]) {
    t.notMatch(JSON.stringify(questionOf(text)), 'script', text)
  }
})

t.test('whatever the body is, it is a question or a problem', async t => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json({ depthSize: 'large' }).map(text => `{"headers":${text}}`)
  )
  fc.assert(
    fc.property(texts, text => {
      const asked = questionOf(text)
      assert('question' in asked || asked.problem.length > 0)
    }),
    { numRuns: 1000 }
  )
  t.pass('every body')
})
