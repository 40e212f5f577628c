// The command itself, with registries of the test's own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { judgeAudit } from './judge.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs it with a registry that answers so. */
async function audit(t: Test, answer: (response: ServerResponse) => unknown) {
  const registry = createServer((request, response) => {
    request.resume()
    if (request.url?.includes('/advisories/bulk')) answer(response)
    else response.writeHead(404).end('{}')
  })
  // npm remembers findings by their number.
  const cache = mkdtempSync(join(tmpdir(), 'audit-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  await once(registry.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => registry.close())
  const address = registry.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const child = spawn(process.execPath, ['test/audit/run.ts'], {
    cwd: root,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      npm_config_registry: `http://127.0.0.1:${port}`,
      npm_config_fetch_retries: '0',
      npm_config_cache: cache
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { said, code }
}

function advisory(severity: string): string {
  const finding = { id: 1, url: 'https://example.com/1', title: 'bad', severity, vulnerable_versions: '*' }
  return JSON.stringify({ undici: [finding] })
}

t.test('a registry without an audit stops nobody, and it is said', async t => {
  const { said, code } = await audit(t, response => response.writeHead(405).end())
  t.match(said, 'the registry has no audit (405): nothing is known')
  t.equal(code, 0)
})

t.test('nothing found is well', async t => {
  const { said, code } = await audit(t, response => response.end('{}'))
  t.match(said, '0 found')
  t.equal(code, 0)
})

t.test('a finding that is high stops, one that is low is told', async t => {
  const high = await audit(t, response => response.end(advisory('high')))
  t.match(high.said, /high: undici[\s\S]*1 found, 1 of them high or critical/)
  t.equal(high.code, 1)
  const low = await audit(t, response => response.end(advisory('low')))
  t.match(low.said, /low: undici[\s\S]*1 found, 0 of them high or critical/)
  t.equal(low.code, 0)
})

t.test('an answer that is none stops: nobody knows what is found', async t => {
  const { said, code } = await audit(t, response => response.writeHead(500).end())
  t.match(said, 'no audit: ')
  t.equal(code, 1)
  for (const report of [
    undefined,
    null,
    {},
    'x',
    { vulnerabilities: {} },
    { error: { summary: 'ENOTFOUND' } }
  ])
    t.notOk(judgeAudit(report).ok)
})
