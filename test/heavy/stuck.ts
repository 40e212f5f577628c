// "A worker hangs in an endless loop: does anybody notice?" It is stopped here by a signal, which looks the same from
// outside: alive, and silent. It takes the minute that a worker has to say something.
import t from 'tap'
import { metric } from '../metric.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { until } from '../until.ts'
import { all, quiet, startWorkers, workersOf } from '../workers.ts'

t.setTimeout(120_000)

t.test('a worker that says nothing any more is replaced, and the other one serves meanwhile', async t => {
  t.setTimeout(120_000)
  const { port, adminUrl, process, stderr } = await startWorkers(t, `${quiet}${all}`, ['--workers', '2'])
  const [victim = 0, other = 0] = workersOf(process.pid)
  globalThis.process.kill(victim, 'SIGSTOP')
  // It gets no more than the one connection that it does not take.
  const waiting = await connectRaw(t, port)
  waiting.send(requestOf({}))
  const another = await connectRaw(t, port)
  another.send(requestOf({}))
  await Promise.any([waiting.answer(), another.answer()])
  for (let i = 0; i < 20; i++) t.equal(statusOf(await ask(t, port)), 200)
  t.same(workersOf(process.pid), [victim, other], 'a moment of silence is none')
  const stuck = () => metric(adminUrl, 'tracebridge_worker_restarts_total', { reason: 'stuck' })
  await until(async () => (await stuck()) === 1, 'it is noticed', 90_000)
  await until(async () => (await metric(adminUrl, 'tracebridge_workers')) === 2, 'another one serves', 10_000)
  t.notMatch(workersOf(process.pid), [victim])
  t.match(stderr(), /"a worker is gone".*"why":"stuck"/)
  for (let i = 0; i < 20; i++) t.equal(statusOf(await ask(t, port)), 200)
})
