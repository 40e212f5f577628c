import t from 'tap'
import { createStall, type Flow, type Patience, type Stalled } from '../../src/proxy/stall.ts'

const patience: Patience = { request: 300, idle: 100, firstByte: 50, write: 60, deadline: 0 }

const waiting: Flow = {
  arrived: true,
  received: 100,
  held: false,
  attempts: 1,
  answered: false,
  sent: 0,
  ended: false,
  full: false
}

/** When something took too long, of looks each 10 ms at what `flow` gives for the time. */
function outcome(
  flow: (time: number) => Partial<Flow>,
  differing: Partial<Patience> = {}
): readonly [time: number, what: Stalled] | 'nothing' {
  const look = createStall({ ...patience, ...differing }, 0)
  for (let time = 0; time <= 1000; time += 10) {
    const what = look(time, { ...waiting, ...flow(time) })
    if (what !== undefined) return [time, what]
  }
  return 'nothing'
}

t.test('an upstream has its time to begin an answer, and no more', async t => {
  t.strictSame(
    outcome(() => ({})),
    [60, 'first-byte']
  )
  t.strictSame(
    outcome(time => ({ answered: time > 50, ended: time > 50 })),
    [130, 'write'],
    'then it is for the caller to take it'
  )
})

t.test('each attempt has the time anew', async t => {
  t.strictSame(
    outcome(time => ({ attempts: time < 40 ? 1 : 2 })),
    [100, 'first-byte']
  )
})

t.test('before anybody was asked no upstream is late', async t => {
  t.equal(
    outcome(() => ({ attempts: 0 })),
    'nothing'
  )
})

t.test('what comes late from a caller is not the fault of the upstream', async t => {
  t.strictSame(
    outcome(() => ({ arrived: false })),
    [110, 'request'],
    'it sends nothing'
  )
  t.strictSame(
    outcome(time => ({ arrived: false, received: time })),
    [310, 'request'],
    'it sends a byte now and then'
  )
  t.strictSame(
    outcome(time => ({ arrived: time >= 200, received: Math.min(time, 200) })),
    [260, 'first-byte'],
    'the last byte is where the time of the upstream begins'
  )
})

t.test('an upstream that does not take the body is late itself', async t => {
  t.strictSame(
    outcome(() => ({ arrived: false, held: true })),
    [60, 'first-byte']
  )
})

t.test('an answer that stalls ends, one that drips goes on', async t => {
  t.strictSame(
    outcome(time => ({ answered: true, sent: Math.min(time, 500) })),
    [610, 'idle']
  )
  t.equal(
    outcome(time => ({ answered: true, sent: time })),
    'nothing'
  )
})

t.test('a byte in either direction keeps a stream open', async t => {
  t.strictSame(
    outcome(time => ({ answered: true, arrived: false, received: Math.min(time, 250) })),
    [310, 'request'],
    'until the request has had its time'
  )
  t.equal(
    outcome(time => ({ answered: true, arrived: false, received: time }), { request: 0 }),
    'nothing'
  )
})

t.test('what follows on the connection keeps nothing open', async t => {
  t.strictSame(
    outcome(time => ({ answered: true, received: 100 + time })),
    [110, 'idle']
  )
})

t.test('a caller that takes nothing ends, a slow one is waited for', async t => {
  t.strictSame(
    outcome(() => ({ answered: true, sent: 65_536, full: true })),
    [70, 'write']
  )
  t.equal(
    outcome(time => ({ answered: true, sent: Math.floor(time / 50), full: true })),
    'nothing'
  )
  t.strictSame(
    outcome(time => ({ answered: true, sent: 1, ended: time >= 30 })),
    [100, 'write'],
    'nor does it take the end'
  )
})

t.test('the upstream is not blamed while the caller takes nothing', async t => {
  t.strictSame(
    outcome(() => ({ answered: true, full: true }), { write: 500 }),
    [510, 'write']
  )
})

t.test('a deadline is for the whole, whoever is busy and however often it is tried', async t => {
  for (const flow of [
    (time: number) => ({ arrived: false, received: time }),
    (time: number) => ({ attempts: Math.floor(time / 40) }),
    (time: number) => ({ answered: true, sent: time })
  ])
    t.strictSame(outcome(flow, { deadline: 200 }), [210, 'deadline'])
  t.strictSame(
    outcome(time => ({ answered: true, ended: time > 150 }), { deadline: 200, idle: 0 }),
    [230, 'write'],
    'what is only to be taken yet has met it'
  )
})

t.test('0 waits for ever', async t => {
  const never = { request: 0, idle: 0, firstByte: 0, write: 0, deadline: 0 }
  for (const flow of [{}, { arrived: false }, { answered: true }, { answered: true, full: true }]) {
    t.equal(
      outcome(() => flow, never),
      'nothing'
    )
  }
})
