// "We have a Prometheus already": the gate on histograms that were scraped of a running gateway.
import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { type Clock, wallClock } from '../../src/cli/clock.ts'
import { gateBy } from '../../src/cli/gate.ts'
import { startPrometheus } from '../cli/prometheus.ts'
import { quickClock } from '../cli/quick-clock.ts'
import { run as runCommand } from '../cli/run.ts'
import { evenLatencies } from '../draws.ts'
import { rolloutRules, send, type Targets } from '../rollout.ts'
import { type Running, run, type Teardown } from '../running.ts'

async function rollout(t: Teardown, targets: Targets = usual()): Promise<Running> {
  const running = await run(t, await rolloutRules(t, targets))
  let over = false
  const traffic = send(running.url, () => over, 48)
  t.teardown(() => {
    over = true
    return traffic
  })
  return running
}

function usual(): Targets {
  return {
    base: { latency: evenLatencies() },
    gray: { latency: evenLatencies() },
    slow: { latency: evenLatencies(6) }
  }
}

function gated(url: string, candidate: string, ...more: readonly string[]) {
  return gatedBy(wallClock, url, candidate, ...more)
}

/** By a clock that nobody has to wait for. */
function quickly(url: string, ...more: readonly string[]) {
  return gatedBy(quickClock(), url, 'gray', '--window', '1s', '--for', '1s', ...more)
}

function gatedBy(clock: Clock, url: string, candidate: string, ...more: readonly string[]) {
  return runCommand(gateBy(clock), [
    ...['--prometheus', url, '--baseline', 'service.tag=base', '--candidate', `service.tag=${candidate}`],
    ...['--window', '2s', '--warm-up', '0s', '--for', '6s', '--min-samples', '150', ...more]
  ])
}

t.test('its coarser answer says that it is', async t => {
  const { adminUrl } = await rollout(t)
  const { url, queries } = await startPrometheus(t, [`${adminUrl}/metrics`])
  const [gray, slow] = await Promise.all([gated(url, 'gray'), gated(url, 'slow', '--json', '--for', '40s')])
  t.equal(slow.code, 1, slow.stdout)
  t.match(JSON.parse(slow.stdout), { verdict: 'fail', coarse: true, source: 'histograms of a Prometheus' })
  t.not(gray.code, 1, gray.stdout)
  t.match(gray.stdout, /\nnote: latencies are from histogram buckets, evened out within each: rougher/)
  t.ok(
    queries.includes(
      'http_client_request_duration_seconds_bucket{service_tag="base"} or http_client_request_duration_seconds_bucket{service_tag="gray"} or http_client_request_duration_seconds_count{route="other",method="other",status="other"}'
    )
  )
})

t.test('what does not add up there is no ground for a verdict', async t => {
  const { adminUrl } = await rollout(t)
  const policy = ['--on-inconclusive', 'pass']
  let starts = 0
  const restarted = await startPrometheus(t, [`${adminUrl}/metrics`], (samples, query) =>
    query.startsWith('process_start')
      ? samples.map(sample => ({ ...sample, value: [sample.value[0], String(starts++)] }))
      : samples
  )
  t.match(await quickly(restarted.url, ...policy), { code: 2, stdout: /restarted/ })
  const late = await startPrometheus(t, [`${adminUrl}/metrics`], samples =>
    samples.map(({ metric, value: [at, value] }) => ({ metric, value: [at - 60, value] }))
  )
  t.match(await quickly(late.url, ...policy), { code: 2, stdout: /clocks are apart: .* behind/ })
  const holed = await startPrometheus(t, [`${adminUrl}/metrics`], samples =>
    samples.filter(({ metric }) => metric['service_tag'] !== 'gray' || metric['le'] !== '0.1')
  )
  t.match(await quickly(holed.url, ...policy), { code: 4, stderr: /buckets .* do not fit together/ })
  const odd = await startPrometheus(t, [`${adminUrl}/metrics`], () => ({}))
  t.match(await quickly(odd.url, ...policy), { code: 4, stderr: /is no answer of a Prometheus/ })
  const part = await startPrometheus(t, [`${adminUrl}/metrics`], all => all, {
    warnings: ['a store is down']
  })
  t.match(await quickly(part.url, ...policy), { code: 4, stderr: /answers with warnings/ })
  const empty = await startPrometheus(t, [`${adminUrl}/metrics`], () => [])
  t.match(await quickly(empty.url, ...policy), { code: 2, stdout: /no requests of either side/ })
  t.match(await quickly(adminUrl, ...policy), { code: 4, stderr: /answered 404 to \/api\/v1\/query/ })
})

/** Both targets have served 3,000 in all when the gate looks first, and serve 600 more before each look. */
function metricsOf(look: number, labels = ''): string {
  const count = (5 + look) * 600
  const lines = (tag: string) =>
    (
      [
        ['0.05', count / 2],
        ['0.1', count],
        ['+Inf', count]
      ] as const
    ).map(
      ([le, upTo]) =>
        `http_client_request_duration_seconds_bucket{route="orders",status="200",service_tag="${tag}",le="${le}"} ${upTo}`
    )
  return [...lines('base'), ...lines('gray'), startLine, labels].join('\n')
}

const startLine = 'process_start_time_seconds 1700000000'

/** Gates by what a gateway is scraped of at each look. */
async function scripted(t: Teardown, scraped: (look: number) => string, ...more: readonly string[]) {
  let look = 0
  const server = createServer((_, response) => response.end(scraped(look)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { url } = await startPrometheus(t, [`http://127.0.0.1:${address.port}`], (samples, query) => {
    if (query.startsWith('http_')) look++
    return samples
  })
  return quickly(url, '--on-inconclusive', 'pass', ...more)
}

t.test('a scrape that was missed makes no window of all that was ever counted', async t => {
  const sound = await scripted(t, metricsOf)
  t.equal(sound.code, 0, sound.stdout)
  const first = await scripted(t, look => (look === 0 ? startLine : metricsOf(look)))
  t.match(first, { code: 2, stdout: /a gateway restarted, or a scrape of it is missing/ })
  const second = await scripted(t, look => (look === 4 ? startLine : metricsOf(look)))
  t.match(second, { code: 2, stdout: /a gateway restarted, or a scrape of it is missing/ })
})

t.test('without the start of a process nothing tells a restart, so nothing is judged', async t => {
  const { code, stdout } = await scripted(t, look => metricsOf(look).replace(startLine, ''))
  t.equal(code, 2)
  t.match(stdout, /restarts cannot be seen: .* has no process_start_time_seconds/)
})

t.test('a gateway that has no room for more series proves nothing', async t => {
  const other = (count: number) =>
    `http_client_request_duration_seconds_count{route="other",method="other",status="other",service_tag="other"} ${count}`
  t.equal((await scripted(t, look => metricsOf(look, other(7)))).code, 0, 'what was lost before is no matter')
  t.match(await scripted(t, look => metricsOf(look, other(look))), {
    code: 2,
    stdout: /serves more routes and tags than it keeps apart/
  })
})

t.test('a candidate whose calls by gRPC fail is stopped', async t => {
  let calls = 0
  const { adminUrl } = await rollout(t, {
    base: { latency: () => 5, grpc: () => '0' },
    gray: { latency: () => 5, grpc: () => (calls++ % 5 === 0 ? '14' : '0') }
  })
  const { url } = await startPrometheus(t, [`${adminUrl}/metrics`])
  const { code, stdout } = await gated(url, 'gray')
  t.equal(code, 1, stdout)
  t.match(stdout, /the candidate fails more than 1\.50 times as often as the baseline \(orders\)/)
})

/** Of two routes the candidate answers one beyond the last bucket, with two fifths of its requests. */
function endlessOf(look: number): string {
  const lines = (route: string, tag: string, quick: number, all: number) =>
    [
      ['0.1', quick],
      ['10', quick],
      ['+Inf', all]
    ].map(
      ([le, upTo]) =>
        `http_client_request_duration_seconds_bucket{route="${route}",status="200",service_tag="${tag}",le="${le}"} ${upTo}`
    )
  return [
    ...lines('orders', 'base', 600 * look, 600 * look),
    ...lines('orders', 'gray', 0, 400 * look),
    ...lines('cart', 'base', 600 * look, 600 * look),
    ...lines('cart', 'gray', 600 * look, 600 * look),
    startLine
  ].join('\n')
}

t.test('a candidate that takes longer than any bucket is stopped', async t => {
  const text = await scripted(t, endlessOf)
  t.equal(text.code, 1, text.stdout)
  t.match(text.stdout, /^FAIL {2}p95 of orders is more than \d+\.\d\d times the baseline's/)
  t.match(text.stdout, /\norders +95 ms +> 10 s +> 105 \(\d+ to \?\) +1\.2 +over\n/)
  t.match(text.stdout, /\np95 +95 ms \(.*\) +> 10 s \(10 s to \?\)\n/)
  const { stdout } = await scripted(t, endlessOf, '--json')
  t.match(JSON.parse(stdout).comparison.candidate.p95, {
    value: 10_000,
    low: 10_000,
    high: null,
    atLeast: true
  })
  t.notMatch(stdout, /"(?:value|low)": null/)
})

/** gRPC: HTTP says 200 whatever comes of it. */
function callsOf(look: number, failed: number, name: string): string {
  const lines = (tag: string, grpc: string, count: number) =>
    [
      ['0.1', count],
      ['+Inf', count]
    ].map(
      ([le, upTo]) =>
        `http_client_request_duration_seconds_bucket{route="orders",status="200",grpc_status="${grpc}",service_tag="${tag}",le="${le}"} ${upTo}`
    )
  const count = (5 + look) * 600
  return [
    ...lines('base', 'OK', count),
    ...lines('gray', 'OK', count),
    ...lines('gray', name, look * failed),
    startLine
  ].join('\n')
}

t.test('what gRPC calls a failure of its server is one, though HTTP says 200', async t => {
  t.match(await scripted(t, look => callsOf(look, 60, 'UNAVAILABLE')), {
    code: 1,
    stdout: /^FAIL {2}the candidate fails more than 1\.50 times as often as the baseline \(orders\)\n/
  })
  t.equal(
    (await scripted(t, look => callsOf(look, 60, 'NOT_FOUND'))).code,
    0,
    'and what is the caller’s is none'
  )
})

t.test('what two servers have scraped of the same gateway is not twice as much', async t => {
  const { adminUrl } = await rollout(t)
  const both = await startPrometheus(t, [`${adminUrl}/metrics`], samples =>
    ['a', 'b'].flatMap(replica =>
      samples.map(sample => ({ ...sample, metric: { ...sample.metric, replica } }))
    )
  )
  t.match(await quickly(both.url), {
    code: 2,
    stdout: /has what gateway gateway-0 counted more than once/
  })
  const jobs = await startPrometheus(t, [`${adminUrl}/metrics`, `${adminUrl}/metrics`])
  t.match(await quickly(jobs.url), {
    code: 2,
    stdout: /has what gateway gateway-1 counted more than once/
  })
})

t.test('a gateway whose workers do not all answer gives no verdict', async t => {
  const silent = 'tracebridge_workers_silent 1'
  t.match(await scripted(t, look => metricsOf(look, look < 4 ? '' : silent)), {
    code: 2,
    stdout: /what gateway gateway-0 tells is incomplete: not all of its workers answer/
  })
})
