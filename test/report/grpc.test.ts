import t from 'tap'
import { grpcNameOf, grpcStatusOf, isGrpc, isServerError } from '../../src/report/grpc.ts'
import { hasFailed } from '../../src/report/late.ts'
import { spansOf } from '../../src/report/spans.ts'
import { outcomeOf } from './outcomes.ts'

t.test('a status is two digits at most, and has a name', async t => {
  t.equal(grpcStatusOf('0'), 0)
  t.equal(grpcNameOf(0), 'OK')
  t.equal(grpcNameOf(16), 'UNAUTHENTICATED')
  t.equal(grpcNameOf(42), '42')
  t.equal(grpcNameOf('unsaid'), undefined)
  for (const text of ['', '-1', '100', ' 1', '1.0', undefined, ['1']]) t.equal(grpcStatusOf(text), undefined)
})

t.test('its content type has a rest, or none', async t => {
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc;a=b'])
    t.ok(isGrpc(type))
  for (const type of ['application/grpc-web', 'application/json', undefined]) t.notOk(isGrpc(type))
})

t.test('some are errors of the server, all but OK are errors to the client', async t => {
  for (const [grpc, server, client] of [
    [0, false, false],
    [5, false, true],
    [14, true, true],
    ['unsaid', false, false]
  ] as const) {
    t.equal(isServerError(grpc), server)
    const outcome = outcomeOf({}, { tries: [{ grpc }] })
    t.equal(hasFailed(outcome), server)
    t.same(
      spansOf(outcome).map(span => span.error),
      [server, client],
      String(grpc)
    )
  }
})
