// "We have a Prometheus already": the gate on histograms that were scraped of a running gateway.
import t from 'tap'
import { gate } from '../../src/cli/gate.ts'
import { startPrometheus } from '../cli/prometheus.ts'
import { run as runCommand } from '../cli/run.ts'
import { evenLatencies } from '../draws.ts'
import { rolloutRules, send } from '../rollout.ts'
import { type Running, run, type Teardown } from '../running.ts'

async function rollout(t: Teardown): Promise<Running> {
  const targets = {
    base: { latency: evenLatencies() },
    gray: { latency: evenLatencies() },
    slow: { latency: evenLatencies(6) }
  }
  const running = await run(t, await rolloutRules(t, targets))
  let over = false
  const traffic = send(running.url, () => over, 48)
  t.teardown(() => {
    over = true
    return traffic
  })
  return running
}

function gated(url: string, candidate: string, ...more: readonly string[]) {
  return runCommand(gate, [
    ...['--prometheus', url, '--baseline', 'service.tag=base', '--candidate', `service.tag=${candidate}`],
    ...['--window', '2s', '--warm-up', '0s', '--for', '6s', '--min-samples', '150', ...more]
  ])
}

t.test('its coarser answer says that it is', async t => {
  const { adminUrl } = await rollout(t)
  const { url, queries } = await startPrometheus(t, [`${adminUrl}/metrics`])
  const [gray, slow] = await Promise.all([gated(url, 'gray'), gated(url, 'slow', '--json')])
  t.equal(slow.code, 1, slow.stdout)
  t.match(JSON.parse(slow.stdout), { verdict: 'fail', coarse: true, source: 'histograms of a Prometheus' })
  t.not(gray.code, 1, gray.stdout)
  t.match(gray.stdout, /\nnote: latencies are from histogram buckets, evened out within each: rougher/)
  t.ok(
    queries.includes(
      'http_client_request_duration_seconds_bucket{service_tag="base"} or http_client_request_duration_seconds_bucket{service_tag="gray"}'
    )
  )
})

t.test('what does not add up there is no ground for a verdict', async t => {
  const { adminUrl } = await rollout(t)
  const quick = ['--window', '200ms', '--for', '200ms', '--on-inconclusive', 'pass']
  let starts = 0
  const restarted = await startPrometheus(t, [`${adminUrl}/metrics`], (samples, query) =>
    query.startsWith('process_start')
      ? samples.map(sample => ({ ...sample, value: [sample.value[0], String(starts++)] }))
      : samples
  )
  t.match(await gated(restarted.url, 'gray', ...quick), { code: 2, stdout: /restarted/ })
  const late = await startPrometheus(t, [`${adminUrl}/metrics`], samples =>
    samples.map(({ metric, value: [at, value] }) => ({ metric, value: [at - 60, value] }))
  )
  t.match(await gated(late.url, 'gray', ...quick), { code: 2, stdout: /clocks are apart: .* behind/ })
  const holed = await startPrometheus(t, [`${adminUrl}/metrics`], samples =>
    samples.filter(({ metric }) => metric['service_tag'] !== 'gray' || metric['le'] !== '0.1')
  )
  t.match(await gated(holed.url, 'gray', ...quick), { code: 4, stderr: /buckets .* do not fit together/ })
  const odd = await startPrometheus(t, [`${adminUrl}/metrics`], () => ({}))
  t.match(await gated(odd.url, 'gray', ...quick), { code: 4, stderr: /is no answer of a Prometheus/ })
  const part = await startPrometheus(t, [`${adminUrl}/metrics`], all => all, {
    warnings: ['a store is down']
  })
  t.match(await gated(part.url, 'gray', ...quick), { code: 4, stderr: /answers with warnings/ })
  const empty = await startPrometheus(t, [`${adminUrl}/metrics`], () => [])
  t.match(await gated(empty.url, 'gray', ...quick), { code: 2, stdout: /no requests of either side/ })
  t.match(await gated(adminUrl, 'gray', ...quick), { code: 4, stderr: /answered 404 to \/api\/v1\/query/ })
})
