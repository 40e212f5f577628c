import t from 'tap'
import { compare, help } from '../../src/cli/compare.ts'
import { holdClosedPort } from '../closed-port.ts'
import { startReporting } from './reporting.ts'
import { run } from './run.ts'

const quick = ['--window', '100ms']

t.test('both sides stand beside each other with their intervals', async t => {
  const { url } = await startReporting(t, {
    served: () => [
      { tag: 'base', requests: 1000 },
      { tag: 'gray', requests: 100, slower: 3, errors: 10 }
    ]
  })
  const { code, stdout } = await run(compare, ['--admin', url, ...quick])
  t.equal(code, 0)
  t.match(stdout, /^ +service\.tag=base +service\.tag=gray\nrequests +1000 +100\n/)
  t.match(stdout, /\na second +[\d.]+ \([\d.]+ to [\d.]+\) /)
  t.match(stdout, /\nerrors +0 % \(0 % to 0\.38\d? %\) +10 % \(5\.5\d %/)
  t.match(stdout, /\np95 +[\d.]+ ms \([\d.]+ ms to [\d.]+ ms\) +[\d.]+ ms \([\d.]+ ms to /)
})

t.test('--route and --json', async t => {
  const { url } = await startReporting(t, { served: () => [{ tag: 'base', requests: 10 }] })
  const asked = async (route: string) =>
    JSON.parse((await run(compare, ['--admin', url, '--route', route, '--json', ...quick])).stdout)
  t.match(await asked('orders'), { route: 'orders', baseline: { requests: 10, p95: { high: null } } })
  t.match(await asked('cart'), { route: 'cart', baseline: { requests: 0, p95: null } })
})

t.test('what cannot be compared is said', async t => {
  const port = await holdClosedPort(t)
  t.match(await run(compare, ['--admin', `http://127.0.0.1:${port}`, ...quick]), {
    code: 4,
    stderr: /nothing listens/
  })
  const served = () => [{ tag: 'base', requests: 10 }]
  const { url } = await startReporting(t, { served, restarts: [1] })
  t.match(await run(compare, ['--admin', url, ...quick]), {
    code: 2,
    stderr: /restarted, or stands for several gateways/
  })
  const same = await startReporting(t, { served })
  const both = ['--baseline', 'service.tag=base', '--candidate', 'service.tag=base,service.tag=base']
  t.match(await run(compare, ['--admin', same.url, ...both, ...quick]), { code: 2, stderr: /both sides/ })
})

t.test('one gateway under two names is not compared', async t => {
  const served = () => [{ tag: 'base', requests: 10 }]
  const one = await startReporting(t, { served })
  const other = await startReporting(t, { served })
  const ran = await run(compare, ['--admin', one.url, '--admin', other.url, ...quick])
  t.match(ran, { code: 2, stdout: '', stderr: /is a gateway that is named twice/ })
})

t.test('a route or a side that nothing is known of is told beside those that are', async t => {
  const { url } = await startReporting(t, { served: () => [{ tag: 'base', requests: 10 }] })
  t.match(await run(compare, ['--admin', url, '--route', 'order', ...quick]), {
    code: 0,
    stderr: /tags of targets that served: service\.tag=base\n.*routes that served: orders\n/
  })
})

t.test('wrong usage is exit code 2', async t => {
  for (const [argv, complaint] of [
    [[], /expects --admin URL/],
    [['--admin', 'x'], /--admin expects http/],
    [['--admin', 'http://127.0.0.1:9', '--window', '0s'], /--window expects/],
    [['--admin', 'http://127.0.0.1:9', '--candidate', 'gray'], /--candidate expects/],
    [['--admin', 'http://127.0.0.1:9', 'orders'], /takes no arguments/],
    [['--adm'], /unknown flag/]
  ] as const) {
    const { code, stderr } = await run(compare, argv)
    t.equal(code, 2, argv.join(' '))
    t.match(stderr, complaint)
  }
  t.same(await run(compare, ['--help']), { code: 0, stdout: help, stderr: '' })
})
