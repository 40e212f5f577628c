// `npm run audit`: known vulnerabilities of what production installs. Ends with 1 for one that is high or critical, and
// where the registry was asked and did not answer; with 0 for a registry that has no audit, and says so.
import { spawnSync } from 'node:child_process'
import { judgeAudit } from './judge.ts'

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26
})
const { ok, said } = judgeAudit(read(stdout))
process.stdout.write(`${said.join('\n')}\n`)
process.exitCode = ok ? 0 : 1

function read(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
