import t from 'tap'
import type { Heartbeat } from '../../src/exporters/exporter.ts'
import { below, createHeartbeat } from '../../src/report/heartbeat.ts'
import { createLog } from '../../src/report/log.ts'
import { holdClosedPort } from '../closed-port.ts'
import { until } from '../until.ts'
import { startCollector } from './collector.ts'

const heartbeat: Heartbeat = {
  contentType: 'application/json',
  introduction: { path: '/introduce', body: Buffer.from('"me"') },
  beat: { path: '/beat', body: Buffer.from('"alive"') }
}

function post(url: string) {
  return { url, headers: { authentication: 'token' }, compression: 'none', timeoutMs: 2000 } as const
}

function listening() {
  const lines: string[] = []
  return { lines, log: createLog({ level: 'info', write: line => lines.push(line) }) }
}

const pathsOf = (requests: readonly { readonly url: string }[]) => requests.map(({ url }) => url)

t.test('it introduces itself once, then beats, and after ten beats introduces itself again', async t => {
  const collector = await startCollector(t, response => response.end('{}'))
  const { lines, log } = listening()
  const beating = createHeartbeat('skywalking', post(new URL(collector.url).origin), heartbeat, log, 1)
  t.teardown(beating.close)
  await until(() => collector.requests.length >= 12, 'twelve requests')
  t.same(pathsOf(collector.requests).slice(0, 12), [
    '/introduce',
    ...Array.from({ length: 10 }, () => '/beat'),
    '/introduce'
  ])
  const [first, second] = collector.requests
  t.equal(first?.body.toString(), '"me"')
  t.match(first?.headers, { 'content-type': 'application/json', authentication: 'token' })
  t.equal(second?.body.toString(), '"alive"')
  t.same(lines, [], 'all is well, and there is nothing to say')
})

t.test('closed, it is silent', async t => {
  const collector = await startCollector(t, response => response.end('{}'))
  const { lines, log } = listening()
  const beating = createHeartbeat('skywalking', post(new URL(collector.url).origin), heartbeat, log, 1)
  await until(() => collector.requests.length >= 3, 'some beats')
  await beating.close()
  // What was under way may be read after that: nothing begins any more.
  await until(() => collector.connections() === 0, 'connections end')
  const heard = collector.requests.length
  await new Promise(resolve => setTimeout(resolve, 30))
  t.equal(collector.requests.length, heard)
  t.same(lines, [], 'what was cut off is no complaint')
})

t.test('a back end that does not answer is told of once, and once more when it does', async t => {
  let well = false
  const collector = await startCollector(t, response => {
    response.statusCode = well ? 200 : 503
    response.end()
  })
  const { lines, log } = listening()
  const beating = createHeartbeat('skywalking', post(new URL(collector.url).origin), heartbeat, log, 1)
  t.teardown(beating.close)
  await until(() => collector.requests.length >= 4, 'four tries')
  t.same(new Set(pathsOf(collector.requests)), new Set(['/introduce']), 'nobody beats who is not known')
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0] ?? ''), { level: 'warn', exporter: 'skywalking', why: 'status 503' })
  well = true
  await until(() => pathsOf(collector.requests).includes('/beat'), 'a beat')
  await until(() => lines.length === 2, 'a line')
  t.match(JSON.parse(lines[1] ?? ''), { level: 'info', exporter: 'skywalking' })
})

t.test('nobody there is no exception', async t => {
  const { lines, log } = listening()
  const beating = createHeartbeat(
    'skywalking',
    post(`http://127.0.0.1:${await holdClosedPort(t)}`),
    heartbeat,
    log,
    1
  )
  await until(() => lines.length > 0, 'a line')
  t.match(JSON.parse(lines[0] ?? ''), { level: 'warn', why: 'ECONNREFUSED' })
  await beating.close()
})

t.test('a path goes below the one that the rules say, before the query', async t => {
  t.equal(below('http://oap:12800', '/v3/segments'), 'http://oap:12800/v3/segments')
  t.equal(below('http://oap:12800/', '/v3/segments'), 'http://oap:12800/v3/segments')
  t.equal(below('https://a/oap/?key=1', '/v3/segments'), 'https://a/oap/v3/segments?key=1')
  t.equal(below('http://a/v1/traces?x', ''), 'http://a/v1/traces?x')
})
