// "May this rollout go on?", while one of the workers says nothing: what it served is missing, and that is told at once.
import t from 'tap'
import { compare } from '../../src/cli/compare.ts'
import { gate } from '../../src/cli/gate.ts'
import type { LatencyReport } from '../../src/report/latency.ts'
import { run as runCommand } from '../cli/run.ts'
import { metric } from '../metric.ts'
import { until } from '../until.ts'
import { all, connected, quiet, startWorkers, workersOf } from '../workers.ts'

async function latency(adminUrl: string): Promise<LatencyReport> {
  return JSON.parse(await (await fetch(`${adminUrl}/api/latency`)).text())
}

t.test('a worker that is stopped is named, until it goes on', async t => {
  const { port, adminUrl, process } = await startWorkers(t, `${quiet}${all}workers: 2`)
  await connected(t, port, 10)
  t.match(await latency(adminUrl), { incomplete: [], lost: 0, series: [{ count: 10 }] })
  const [victim = 0] = workersOf(process.pid)
  globalThis.process.kill(victim, 'SIGSTOP')
  t.teardown(() => workersOf(process.pid).includes(victim) && globalThis.process.kill(victim, 'SIGKILL'))
  const sides = ['--admin', adminUrl, '--baseline', 'zone=a', '--candidate', 'zone=b']
  const started = performance.now()
  const gated = await runCommand(gate, [...sides, '--warm-up', '0s', '--on-inconclusive', 'pass'])
  t.equal(gated.code, 2)
  t.match(
    gated.stdout,
    /^INCONCLUSIVE {2}what 127\.\S+ answers is incomplete: worker \d did not tell what it counted\n/
  )
  t.ok(performance.now() - started < 30_000, 'long before it is given up')
  const compared = await runCommand(compare, [...sides, '--window', '10ms'])
  t.match(compared, { code: 2, stderr: /answers is incomplete: worker \d did not tell/ })
  t.match(await latency(adminUrl), { incomplete: [/^worker \d$/], lost: 0 })
  t.equal(await metric(adminUrl, 'tracebridge_workers_silent'), 1)

  globalThis.process.kill(victim, 'SIGCONT')
  await until(async () => (await latency(adminUrl)).incomplete.length === 0, 'it tells again', 15_000)
  globalThis.process.kill(victim, 'SIGKILL')
  await until(async () => (await latency(adminUrl)).lost === 1, 'what it takes with it is lost', 15_000)
  t.same((await latency(adminUrl)).incomplete, [])
})
