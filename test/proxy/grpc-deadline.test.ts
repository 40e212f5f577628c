import t from 'tap'
import { deadlineOf, patienceFor, tellWhatIsLeft } from '../../src/proxy/grpc-deadline.ts'

function deadline(timeout: string | undefined, type = 'application/grpc+proto'): number {
  return deadlineOf(name => (name === 'grpc-timeout' ? timeout : type))
}

t.test('a deadline has up to eight digits and a unit', async t => {
  for (const [timeout, ms] of [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['250m', 250],
    ['1500u', 1.5],
    ['99999999n', 99.999999],
    ['00000001S', 1000]
  ] as const)
    t.ok(Math.abs(deadline(timeout) - ms) < 1e-9, timeout)
})

t.test('what is none sets none', async t => {
  const none = [
    '',
    'S',
    '5',
    '5s',
    '5 S',
    '-5S',
    '+5S',
    '5.5S',
    '0S',
    '123456789m',
    '1m,1m',
    '1m ',
    '٣S',
    '0x5S'
  ]
  for (const timeout of [undefined, ...none]) t.equal(deadline(timeout), 0, timeout ?? 'nothing')
  t.equal(deadline('1S', 'application/json'), 0, 'nor has anything but gRPC one')
  t.equal(deadline('1S', 'application/grpc-web'), 0)
})

t.test('the gateway waits a moment longer than the deadline, and for ever without one', async t => {
  t.equal(patienceFor(0), 0)
  t.ok(patienceFor(1e-6) > 50 && patienceFor(1000) < 1500)
})

t.test('a later attempt is told what is left, in no more than eight digits', async t => {
  for (const [left, told] of [
    [249.2, '250m'],
    [99_999_999, '99999999m'],
    [3_600_000_000, '3600000S'],
    [0, '1m'],
    [-20, '1m']
  ] as const) {
    const fields = ['content-type', 'application/grpc', 'Grpc-Timeout', '1H', 'x-a', '1']
    tellWhatIsLeft(fields, left)
    t.same(fields, ['content-type', 'application/grpc', 'Grpc-Timeout', told, 'x-a', '1'])
  }
})
