import { createServer } from 'node:net'
import t from 'tap'
import { request } from 'undici'
import { echo, help, summary } from '../../src/cli/echo.ts'
import { connectRaw } from '../raw.ts'
import { portFor } from '../served.ts'
import { run } from './run.ts'

t.test('it says where it listens, answers there, and ends cleanly when asked to', async t => {
  const stop = new AbortController()
  const line = Promise.withResolvers<string>()
  const running = run(echo, ['--listen', '127.0.0.1:0'], stop.signal, line.resolve)
  const said = await line.promise
  const url = /^echo listens on (http:\/\/127\.0\.0\.1:[1-9]\d*)\n$/.exec(said)?.[1]
  if (url === undefined) throw new Error(`no address in: ${said}`)
  const answer = await request(`${url}/hello`)
  t.match(await answer.body.json(), { method: 'GET', url: '/hello' })
  stop.abort()
  t.same(await running, { code: 0, stdout: said, stderr: '' })
  // Not by the connection that was kept, whose end may not have been read yet.
  await t.rejects(connectRaw(t, Number(new URL(url).port)), { code: 'ECONNREFUSED' })
})

t.test('an abort that came first is heeded', async t => {
  t.match(await run(echo, ['--listen', '127.0.0.1:0'], AbortSignal.abort()), { code: 0 })
})

t.test('a taken port is one line and exit code 2', async t => {
  const taken = createServer()
  const port = await portFor(taken)
  t.teardown(() => taken.close())
  const { code, stdout, stderr } = await run(echo, ['--listen', `127.0.0.1:${port}`])
  t.equal(code, 2)
  t.equal(stdout, '')
  t.equal(stderr, `tracebridge echo: 127.0.0.1:${port} is taken by another process\n`)
})

t.test('wrong usage names the flag and points to the help', async t => {
  for (const argv of [
    ['--lisen', '1'],
    ['--listen'],
    ['--listen', 'nowhere'],
    ['--listen', ':70000'],
    ['extra']
  ]) {
    const { code, stdout, stderr } = await run(echo, argv)
    t.equal(code, 2, argv.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^tracebridge echo: .*--listen.*\nSee tracebridge echo --help\n$/)
  }
})

t.test('--help prints the help, wherever it stands', async t => {
  t.same(await run(echo, ['--listen', ':1', '--help']), { code: 0, stdout: help, stderr: '' })
  t.same(await run(echo, ['-h']), { code: 0, stdout: help, stderr: '' })
  t.match(help, summary)
})
