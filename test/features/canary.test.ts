// "May this rollout go on?", asked of a running gateway with upstreams that take their time.
import t from 'tap'
import { compare } from '../../src/cli/compare.ts'
import { gate } from '../../src/cli/gate.ts'
import { run as runCommand } from '../cli/run.ts'
import { evenLatencies } from '../draws.ts'
import { startOrigin } from '../origin.ts'
import { rolloutRules, send } from '../rollout.ts'
import { run } from '../running.ts'

t.test('gates run while traffic passes: the equal candidate goes on, the slower one is stopped', async t => {
  const targets = {
    base: { latency: evenLatencies(3) },
    gray: { latency: evenLatencies(3) },
    slow: { latency: evenLatencies(6) }
  }
  const { url, adminUrl } = await run(t, await rolloutRules(t, targets))
  let over = false
  const traffic = send(url, () => over, 48)
  const asked = (candidate: string) =>
    runCommand(gate, [
      ...['--admin', adminUrl, '--baseline', 'service.tag=base', '--candidate', `service.tag=${candidate}`],
      ...['--window', '3s', '--warm-up', '100ms', '--for', '40s', '--min-samples', '150', '--json']
    ])
  const [gray, slow] = await Promise.all([asked('gray'), asked('slow')])
  const compared = await runCommand(compare, [
    ...[
      '--admin',
      adminUrl,
      '--route',
      'orders',
      '--candidate',
      'service.tag=slow',
      '--window',
      '1s',
      '--json'
    ]
  ])
  over = true
  await traffic
  t.equal(gray.code, 0, gray.stdout)
  t.equal(slow.code, 1, slow.stdout)
  const { verdict, why, latency } = JSON.parse(slow.stdout)
  t.equal(verdict, 'fail')
  t.match(why[0], /^p95 of orders is [12]\.\d\d times the baseline's, the line is 1\.20 times$/)
  t.ok(latency.ratio.low > 1.2)
  t.equal(compared.code, 0)
  const { route, baseline, candidate } = JSON.parse(compared.stdout)
  t.equal(route, 'orders')
  t.ok(baseline.qps.value > 0)
  // What holds up both may turn their order round, but none is quicker than it sleeps: of the baseline 95 % sleep for less.
  t.ok(candidate.p95.value > 300, `${candidate.p95.value} ms`)
  t.equal(candidate.errorRate.value, 0)
})

t.test('a candidate that answers in time but fails is stopped', async t => {
  let answered = 0
  const rules = await rolloutRules(t, {
    base: { latency: () => 2 },
    gray: { latency: () => 2, status: () => (answered++ % 10 === 0 ? 500 : 200) }
  })
  const { url, adminUrl } = await run(t, rules)
  let over = false
  const traffic = send(url, () => over, 16)
  const { code, stdout } = await runCommand(gate, [
    ...['--admin', adminUrl, '--baseline', 'service.tag=base', '--candidate', 'service.tag=gray'],
    ...['--window', '1s', '--warm-up', '0s', '--for', '40s', '--min-samples', '59']
  ])
  over = true
  await traffic
  t.equal(code, 1, stdout)
  t.match(stdout, /^FAIL {2}the candidate fails more than 1\.50 times as often as the baseline \(orders\)\n/)
})

t.test('a gateway that never ends has room for every new release', async t => {
  const { url: origin } = await startOrigin(t)
  const numbers = Array.from({ length: 600 }, (_, i) => i)
  const routes = numbers.map(i => `  - { name: r${i}, match: { path: /${i} }, upstream: orders }\n`).join('')
  const rules = (version: number) => `
upstreams:
  orders: { targets: [{ url: "${origin}", tags: { version: "${version}" } }] }
routes:
${routes}`
  const gateway = await run(t, rules(1))
  for (const version of [1, 2, 3]) {
    gateway.rewrite(rules(version))
    t.match(await gateway.app.reload(), { routes: 600 })
    for (const i of numbers) await (await fetch(`${gateway.url}/${i}`)).arrayBuffer()
    const { series, beyond } = gateway.app.latency()
    t.equal(beyond, 0)
    t.equal(series.filter(({ tags }) => tags['version'] === String(version)).length, 600)
  }
})
