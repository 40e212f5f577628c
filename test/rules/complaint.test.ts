import t from 'tap'
import { formatComplaint, sortComplaints, suggestion } from '../../src/rules/complaint.ts'

t.test('a complaint is file:line:column path message', async t => {
  const complaint = {
    file: 'rules/edge.yaml',
    line: 6,
    column: 5,
    path: '.routes[0].emits',
    message: 'unknown key'
  }
  t.equal(formatComplaint(complaint), 'rules/edge.yaml:6:5 .routes[0].emits unknown key')
})

t.test('what is in no file has no position', async t => {
  const complaint = { file: '--listen', line: 0, column: 0, path: '.listen', message: 'expected an address' }
  t.equal(formatComplaint(complaint), '--listen expected an address')
})

t.test('complaints come by file as given, line and column, each once', async t => {
  const at = (file: string, line: number, column: number) => ({ file, line, column, path: '.', message: 'm' })
  const sorted = sortComplaints(
    [at('b', 10, 1), at('a', 9, 1), at('b', 9, 2), at('b', 9, 1), at('b', 9, 1)],
    ['b', 'a']
  )
  t.same(sorted.map(formatComplaint), ['b:9:1 . m', 'b:9:2 . m', 'b:10:1 . m', 'a:9:1 . m'])
})

t.test('the nearest name at most two edits away is suggested', async t => {
  const known = ['accept', 'emit', 'export', 'routes', 'upstreams', 'b3', 'b3multi']
  t.equal(suggestion('emits', known), '; did you mean emit?')
  t.equal(suggestion('acept', known), '; did you mean accept?')
  t.equal(suggestion('ruotes', known), '; did you mean routes?', 'a swap is one edit')
  t.equal(suggestion('Export', known), '; did you mean export?')
  t.equal(suggestion('b3-multi', known), '; did you mean b3multi?')
  t.equal(suggestion('x', known), '', 'of one letter nothing would be left')
  t.equal(suggestion('something', known), '')
})
