// The gate against admin listeners that count what they are told to, and against some that do not.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Clock } from '../../src/cli/clock.ts'
import { gate, gateBy, help } from '../../src/cli/gate.ts'
import { gateFlags } from '../../src/cli/gate-flags.ts'
import { holdClosedPort } from '../closed-port.ts'
import { until } from '../until.ts'
import { quickClock } from './quick-clock.ts'
import { type Served, startReporting } from './reporting.ts'
import { type Ran, run } from './run.ts'

const sides = ['--baseline', 'service.tag=base', '--candidate', 'service.tag=gray']
/** Looks are 200 ms apart, by a clock that nobody has to wait for. */
const short = ['--window', '1s', '--warm-up', '0s', '--for', '1s']

function gated(urls: readonly string[], ...flags: readonly string[]): Promise<Ran> {
  return gatedBy(quickClock(), urls, ...flags)
}

function gatedBy(clock: Clock, urls: readonly string[], ...flags: readonly string[]): Promise<Ran> {
  return run(gateBy(clock), [...urls.flatMap(url => ['--admin', url]), ...sides, ...short, ...flags])
}

function both(requests: number, slower = 1): () => readonly Served[] {
  return () => [
    { tag: 'base', requests },
    { tag: 'gray', requests, slower }
  ]
}

t.test('a candidate as fast as the baseline passes, and the table says so', async t => {
  const { url } = await startReporting(t, { served: both(800) })
  const { code, stdout, stderr } = await gated([url])
  t.equal(code, 0, stdout)
  t.match(stdout, /^PASS {2}p95 is proven to be below 1\.2 times/)
  t.match(stdout, /\n {10}service\.tag=base +service\.tag=gray\nrequests +4000 +4000\n/)
  t.match(stdout, /\norders +[\d.]+ ms +[\d.]+ ms +[\d.]+ \([\d.]+ to [\d.]+\) +1\.2 +within\n/)
  t.match(stdout, /\nmeasured [\d.]+ s, sketches of one gateway\n$/)
  t.equal(stderr, '')
})

t.test('one that is 1.5 times slower fails', async t => {
  const { url } = await startReporting(t, { served: both(800, 1.5) })
  const { code, stdout } = await gated([url])
  t.equal(code, 1)
  t.match(stdout, /^FAIL {2}p95 of orders is 1\.\d\d times the baseline's, the line is 1\.20 times\n/)
})

t.test(
  'without enough requests nothing is known: exit 2, or as the policy says, but never a pass',
  async t => {
    for (const [served, why] of [
      [both(0), 'no requests of either side'],
      [both(40, 10), 'too few requests'],
      [() => [{ tag: 'base', requests: 500 }], 'no requests of the candidate'],
      [() => [{ tag: 'gray', requests: 500 }], 'no requests of the baseline']
    ] as const) {
      const { url } = await startReporting(t, { served })
      const { code, stdout } = await gated([url])
      t.equal(code, 2, why)
      t.match(stdout, new RegExp(`^INCONCLUSIVE {2}${why}`))
      t.equal((await gated([url], '--on-inconclusive', 'pass')).code, 2, 'there was not enough to judge by')
      t.equal((await gated([url], '--on-inconclusive', 'fail')).code, 1)
    }
  }
)

t.test('a misspelt tag is found', async t => {
  const { url } = await startReporting(t, { served: both(100) })
  const { stdout } = await gated([url], '--candidate', 'service.tag=grey')
  t.match(stdout, /^INCONCLUSIVE {2}no requests of the candidate\n/)
  t.match(stdout, '\nnote: tags of targets that served: service.tag=base, service.tag=gray\n')
})

t.test('what is not proven with enough requests may pass by policy', async t => {
  const { url } = await startReporting(t, { served: both(200, 1.19) })
  const flags = ['--on-inconclusive', 'pass', '--json']
  const { code, stdout } = await gated([url], ...flags)
  t.equal(JSON.parse(stdout).verdict, 'inconclusive')
  t.equal(code, 0)
})

t.test('it waits while nothing is proven, and says so', async t => {
  // Traffic for a verdict comes only with the second window.
  const { url } = await startReporting(t, { served: look => both(look < 6 ? 20 : 1000)() })
  const { code, stdout, stderr } = await gated([url], '--for', '30s')
  t.equal(code, 0, stdout)
  t.match(stderr, /^tracebridge gate: after \d+ s too few requests .*; waiting\n/)
})

t.test('what the candidate did while it warmed up is not counted', async t => {
  let slow = true
  const { url } = await startReporting(t, {
    served: look => {
      slow = look < 3
      return both(400, slow ? 30 : 1)()
    }
  })
  const { code, stdout } = await gated([url], '--warm-up', '1500ms', '--for', '50s')
  t.equal(code, 0, stdout)
  t.notOk(slow)
})

t.test('the warm-up begins with the first request of the candidate', async t => {
  const { url, asked } = await startReporting(t, {
    served: look => [
      { tag: 'base', requests: 400 },
      { tag: 'gray', requests: look < 8 ? 0 : 400, slower: look < 10 ? 30 : 1 }
    ]
  })
  const { code, stdout } = await gated([url], '--warm-up', '1200ms', '--for', '50s')
  t.ok(asked.length > 13, 'it waited for one')
  t.equal(code, 0, stdout)
})

t.test('a candidate that never gets a request is waited for, but not for ever', async t => {
  const { url } = await startReporting(t, { served: () => [{ tag: 'base', requests: 100 }] })
  const { code, stdout } = await gated([url], '--warm-up', '1s', '--for', '4s')
  t.equal(code, 2)
  t.match(stdout, /^INCONCLUSIVE {2}no request of the candidate came in time for a whole window\n/)
})

t.test('several gateways are one: each saw a part', async t => {
  const one = await startReporting(t, { served: both(60), epochs: ['one'] })
  const two = await startReporting(t, { served: both(60), epochs: ['two', ''] })
  t.equal((await gated([one.url])).code, 2)
  const { stdout } = await gated([one.url, two.url], '--json')
  const { comparison, source } = JSON.parse(stdout)
  t.equal(source, 'sketches of 2 gateways')
  t.equal(comparison.baseline.requests, 600)
  t.match(stdout, '"requests": 600')
})

t.test('a gateway that is named twice is not counted twice', async t => {
  const { url } = await startReporting(t, { served: both(800) })
  const { code, stdout } = await gated([url, url.replace('127.0.0.1', 'localhost')])
  t.equal(code, 2)
  t.match(stdout, /^INCONCLUSIVE {2}localhost:\d+ is a gateway that is named twice\n/)
  t.match(await gated([url, `${url}/`]), { code: 3, stderr: /--admin names a gateway twice/ })
})

t.test('clocks that are apart are no ground for a verdict', async t => {
  // By as much more or less as it took to be told.
  for (const [aheadMs, how] of [
    [90_000, '(?:8\\d|90)s ahead'],
    [-45_000, '(?:4[5-9]|5\\d)s behind']
  ] as const) {
    const { url } = await startReporting(t, {
      served: both(800),
      change: report => ({ ...report, at: new Date(Date.now() + aheadMs).toISOString() })
    })
    const { code, stdout } = await gated([url], '--on-inconclusive', 'pass')
    t.equal(code, 2)
    t.match(stdout, new RegExp(`^INCONCLUSIVE {2}clocks are apart: that of 127\\.0\\.0\\.1:\\d+ is ${how}\n`))
  }
})

t.test('a restart in the window throws away what was counted before', async t => {
  const served = (look: number) => both(800, look < 3 ? 30 : 1)()
  const once = await startReporting(t, { served, restarts: [3] })
  const short = await gated([once.url])
  t.equal(short.code, 2)
  t.match(
    short.stdout,
    /^INCONCLUSIVE {2}no time for a whole window: 127\.0\.0\.1:\d+ restarted, or stands for several/
  )
  const again = await startReporting(t, { served, restarts: [3] })
  const long = await gated([again.url], '--for', '30s', '--json')
  t.equal(long.code, 0)
  const { notes, comparison } = JSON.parse(long.stdout)
  t.match(notes, [/restarted/])
  t.equal(comparison.baseline.requests, 4000, 'a whole window after it')
})

t.test('a worker that does not tell what it counted leaves no ground for a verdict', async t => {
  const { url } = await startReporting(t, {
    served: both(800),
    change: (report, look) => (look < 4 ? report : { ...report, incomplete: ['worker 2'] })
  })
  const { code, stdout } = await gated([url], '--for', '4s', '--on-inconclusive', 'pass')
  t.equal(code, 2)
  t.match(
    stdout,
    /^INCONCLUSIVE {2}what 127\S+ answers is incomplete: worker 2 did not tell what it counted\n/
  )
  const first = await startReporting(t, {
    served: both(800),
    change: (report, look) => (look > 0 ? report : { ...report, incomplete: ['worker 2'] })
  })
  t.equal((await gated([first.url])).code, 0, 'one that was late once is asked again')
})

t.test('nor does one that is incomplete when the warm-up is over', async t => {
  const { url, asked } = await startReporting(t, {
    served: both(800),
    change: (report, look) => (look > 0 && look < 7 ? { ...report, incomplete: ['worker 1'] } : report)
  })
  const { code, stdout } = await gated([url], '--warm-up', '200ms', '--for', '1200ms')
  t.equal(code, 2, `${asked.length} ${stdout}`)
  t.match(stdout, /^INCONCLUSIVE {2}what 127\S+ answers is incomplete: worker 1/)
})

t.test('a worker that takes what it counted with it is a restart', async t => {
  const { url } = await startReporting(t, {
    served: look => both(800, look < 3 ? 30 : 1)(),
    change: (report, look) => ({ ...report, lost: look < 3 ? 0 : 1 })
  })
  const { code, stdout } = await gated([url], '--for', '30s', '--json')
  t.equal(code, 0, stdout)
  t.match(JSON.parse(stdout).notes, [/a worker of \S+ ended without telling what it had counted: what was/])
})

t.test('an address that stands for several gateways is found out', async t => {
  const { url } = await startReporting(t, {
    served: both(800),
    change: (report, look) => ({ ...report, epoch: `life-${look % 2}` })
  })
  const { code, stdout } = await gated([url], '--for', '4s', '--on-inconclusive', 'pass')
  t.equal(code, 2)
  t.match(stdout, /stands for several gateways/)
})

t.test('a gateway that could not count everything gives no verdict', async t => {
  const { url } = await startReporting(t, {
    served: both(800),
    change: (report, look) => ({ ...report, beyond: look })
  })
  t.match(await gated([url]), { code: 2, stdout: /serves more routes and tags than it keeps apart/ })
})

t.test('who does not answer, or only half, is unreachable', async t => {
  const port = await holdClosedPort(t)
  t.match(await gated([`http://127.0.0.1:${port}`]), { code: 4, stderr: /nothing listens on 127/ })
  for (const [text, why] of [
    ['{"instance":"a","epoch"', /is not JSON/],
    ['{}', /no latency report/],
    ['[]', /no latency report/]
  ] as const) {
    const { url } = await startReporting(t, {
      served: both(0),
      answer: response => {
        response.writeHead(200).end(text)
        return true
      }
    })
    t.match(await gated([url]), { code: 4, stderr: why }, text)
  }
  const absent = await startReporting(t, {
    served: both(0),
    answer: response => {
      response.writeHead(404).end()
      return true
    }
  })
  t.match(await gated([absent.url]), { code: 4, stderr: /answered 404 to \/api\/latency/ })
  const half = await startReporting(t, {
    served: both(800),
    answer: (response, look) => {
      if (look < 3) return false
      response.writeHead(200, { 'content-length': 5000 }).write('{"instance":')
      setTimeout(() => response.destroy(), 5)
      return true
    }
  })
  const broken = await gated([half.url], '--json')
  t.equal(broken.code, 4, 'also in the middle of a window')
  t.match(JSON.parse(broken.stdout), { verdict: 'unreachable', why: [/could not be asked/] })
  const whole = await startReporting(t, { served: both(800), epochs: ['whole'] })
  t.equal((await gated([whole.url, `http://127.0.0.1:${port}`])).code, 4, 'one of two')
})

t.test('a moment without an answer is no reason to give up', async t => {
  const { url } = await startReporting(t, {
    served: both(800),
    answer: (response, look) => {
      if (look !== 3) return false
      response.destroy()
      return true
    }
  })
  t.equal((await gated([url], '--for', '30s')).code, 0)
})

/** Interrupts it when it has looked once more, and has had turns enough to read what it saw. */
function onceLooked(asked: readonly unknown[]): AbortSignal {
  const interrupt = new AbortController()
  const before = asked.length
  void until(() => asked.length > before, 'it looks').then(async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setTimeout(resolve, 2))
    interrupt.abort()
  })
  return interrupt.signal
}

t.test('an interrupted gate is inconclusive', async t => {
  const { url, asked } = await startReporting(t, { served: both(800) })
  const ran = await run(
    gate,
    ['--admin', url, ...sides, '--warm-up', '0s', '--on-inconclusive', 'pass'],
    onceLooked(asked)
  )
  t.match(ran, { code: 2, stdout: /^INCONCLUSIVE {2}interrupted\n/ })
  const cold = await run(gate, ['--admin', url, ...sides], onceLooked(asked))
  t.match(cold, { code: 2, stdout: /^INCONCLUSIVE {2}interrupted\n/ }, 'while it warms up')
  const first = await run(gate, ['--admin', url, ...sides], AbortSignal.abort())
  t.match(first, { code: 2, stdout: /^INCONCLUSIVE {2}interrupted\n/ }, 'and before the first answer')
})

t.test('--junit writes what a build server shows', async t => {
  const folder = t.testdir({})
  const file = join(folder, 'gate.xml')
  const slow = await startReporting(t, { served: both(800, 1.5) })
  t.equal((await gated([slow.url], '--junit', file)).code, 1)
  const failed = readFileSync(file, 'utf8')
  t.match(
    failed,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuite name="tracebridge gate" tests="3" failures="2" errors="0" skipped="0"/
  )
  t.match(
    failed,
    /<testcase classname="tracebridge\.gate" name="p95 of orders"><failure message="1\.\d+ times/
  )
  t.match(failed, '<testcase classname="tracebridge.gate" name="errors"/>')
  const none = await startReporting(t, { served: both(0) })
  await gated([none.url], '--junit', file)
  t.match(readFileSync(file, 'utf8'), /skipped="2".*\n.*<skipped message="no requests of either side"/)
  await gated([`http://127.0.0.1:${await holdClosedPort(t)}`], '--junit', file)
  t.match(readFileSync(file, 'utf8'), /errors="1".*\n.*<error message="nothing listens on/)
  t.match(await gated([none.url], '--junit', join(folder, 'no', 'gate.xml')), {
    code: 3,
    stderr: /--junit: .*cannot be written \(ENOENT\)/
  })
  t.notOk(existsSync(join(folder, 'no')))
})

t.test('where --junit has no place is told before anything is waited for, or beside the verdict', async t => {
  const folder = t.testdir({})
  const file = join(folder, 'gate.xml')
  const { url, asked } = await startReporting(t, { served: both(800) })
  t.equal((await gated([url], '--junit', join(folder, 'no', 'gate.xml'))).code, 3)
  t.equal(asked.length, 0)
  const gone = await startReporting(t, {
    served: look => {
      if (look === 3) {
        rmSync(file)
        mkdirSync(file)
      }
      return both(800)()
    }
  })
  t.match(await gated([gone.url], '--junit', file), {
    code: 3,
    stdout: /^PASS/,
    stderr: /cannot be written \(EISDIR\)/
  })
})

t.test('the token is shown to who is asked', async t => {
  const { url, asked } = await startReporting(t, { served: both(0) })
  await gated([url], '--token', 'open-sesame')
  t.equal(asked[0]?.headers.authorization, 'Bearer open-sesame')
  t.equal(asked[0]?.url, '/api/latency')
  await gated([`${url}/behind/a/proxy`])
  t.match(asked.at(-1), { url: '/behind/a/proxy/api/latency', headers: { authorization: undefined } })
})

t.test('wrong usage is exit code 3, and says what was expected', async t => {
  const admin = ['--admin', 'http://127.0.0.1:9']
  for (const [argv, complaint] of [
    [[], /--baseline expects a tag/],
    [sides, /expects --admin URL, which may be repeated, or --prometheus URL/],
    [[...admin, '--prometheus', 'http://127.0.0.1:9', ...sides], /expects --admin URL, which may be/],
    [['--admin', '127.0.0.1:9901', ...sides], /--admin expects http/],
    [['--prometheus', 'localhost:9090', ...sides], /--prometheus expects http/],
    [[...admin, '--baseline', 'base', '--candidate', 'a=b'], /--baseline expects a tag/],
    [[...admin, '--baseline', 'a=b'], /--candidate expects a tag/],
    [[...admin, '--baseline', 'a=b', '--candidate', 'a=b'], /are the same/],
    [[...admin, ...sides, '--p95-ratio', '0.9'], /--p95-ratio expects/],
    [[...admin, ...sides, '--error-ratio', 'x'], /--error-ratio expects/],
    [[...admin, ...sides, '--floor', '5'], /--floor expects/],
    [[...admin, ...sides, '--min-samples', '10'], /--min-samples expects a number from 59/],
    [[...admin, ...sides, '--window', '0s'], /--window expects/],
    [[...admin, ...sides, '--window', '999ms'], /--window expects a time such as 5m, no shorter than 1s/],
    [[...admin, ...sides, '--warm-up', 'soon'], /--warm-up expects/],
    [[...admin, ...sides, '--for', '1m'], /--for expects .* no shorter than/],
    [[...admin, ...sides, '--on-inconclusive', 'maybe'], /expects one of fail, warn, pass/],
    [[...admin, ...sides, 'more'], /takes no arguments/],
    [[...admin, ...sides, '--windows', '5m'], /unknown flag --windows/]
  ] as const) {
    const { code, stderr } = await run(gate, argv)
    t.equal(code, 3, argv.join(' '))
    t.match(stderr, complaint)
  }
})

t.test('a window longer than the usual wait is waited for', async t => {
  const argv = ['--admin', 'http://127.0.0.1:9', ...sides]
  const timing = async (...more: string[]) => {
    const flags = await gateFlags([...argv, ...more], { stdout: t.fail, stderr: t.fail, env: {} })
    return typeof flags === 'string' || 'complaint' in flags ? flags : flags.timing
  }
  t.same(await timing(), { window: 300_000, warmUp: 60_000, for: 900_000 })
  t.same(await timing('--window', '20m'), { window: 1_200_000, warmUp: 60_000, for: 1_260_000 })
})

/** Every answer takes so long by the clock. */
function slowly(ms: number, served: () => readonly Served[]) {
  const clock = quickClock()
  const options = {
    served: () => {
      clock.pass(ms)
      return served()
    }
  }
  return { clock, options }
}

t.test('--for is a limit, however long the answers take', async t => {
  const { clock, options } = slowly(1_200, both(800))
  const { url, asked } = await startReporting(t, options)
  const { code, stdout } = await gatedBy(clock, [url], '--for', '3s')
  t.equal(code, 2)
  t.match(
    stdout,
    /^INCONCLUSIVE {2}no time for a whole window: answers took so long that 3 looks were in time, 5 are needed\n/
  )
  t.equal(asked.length, 4)
  // The first answer, three seconds, and what was asked before they were over.
  t.ok(clock.now() <= 1_200 + 3_100 + 1_200, `${clock.now()} ms`)
})

t.test('looks that are overdue are taken once, and five of them make a window', async t => {
  const { clock, options } = slowly(1_200, both(800))
  const { url, asked } = await startReporting(t, options)
  const { code, stdout } = await gatedBy(clock, [url], '--for', '20s')
  t.equal(code, 0, stdout)
  t.equal(asked.length, 6)
  const late = slowly(90, both(1))
  const undecided = await startReporting(t, late.options)
  await gatedBy(late.clock, [undecided.url], '--for', '10s')
  t.equal(undecided.asked.length, 51, 'answers that take less than there is between looks delay none')
})

t.test('--help', async t => {
  t.same(await run(gate, ['--help']), { code: 0, stdout: help, stderr: '' })
})
