import t from 'tap'
import { profileOf } from './profile.ts'

const frames = [
  ['(root)', ''],
  ['(idle)', ''],
  ['writev', ''],
  ['#send', 'file:///x/tracebridge/src/proxy/exchange.ts'],
  ['onData', 'file:///x/tracebridge/node_modules/undici/lib/dispatcher/client-h1.js'],
  ['end', 'node:_http_outgoing'],
  ['(garbage collector)', '']
] as const
const nodes = frames.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } }))
/** One every ten microseconds, from 1,000 on; each lasts until the next. */
const samples = [3, 1, 2, 2, 3, 4, 5, 6, 3]
const profile = { nodes, startTime: 1000, samples, timeDeltas: samples.map(() => 10) }

t.test('time is told by room, and idling is none of it', async t => {
  const { rooms, seconds } = profileOf(profile, 1015, 1085)
  t.strictSame(
    rooms.map(({ name, percent }) => [name, Math.round(percent)]),
    [
      ['socket writes', 33],
      ['src/proxy', 17],
      ['undici', 17],
      ['node:http', 17],
      ['garbage collection', 17]
    ]
  )
  t.equal(Math.round(seconds * 1e6), 60)
})

t.test('what was before and after the load does not count', async t => {
  const { rooms } = profileOf(profile, 0, 1015)
  t.strictSame(
    rooms.map(({ name }) => name),
    ['src/proxy']
  )
})

t.test('files and functions are told with where they are from', async t => {
  const { files, functions } = profileOf(profile, 1015, 1085)
  t.ok(files.some(({ name }) => name === 'undici/lib/dispatcher/client-h1.js'))
  t.ok(functions.some(({ name }) => name === '#send, src/proxy/exchange.ts'))
  t.ok(functions.some(({ name }) => name === 'writev, native'))
})
