// The shell steps of the example for Jenkins, as Jenkins runs them, around a running gateway.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { agent } from '../agent.ts'

function stepsOf(jenkinsfile: string): readonly string[] {
  return [...jenkinsfile.matchAll(/'''\n([\s\S]*?)'''/g)].map(([, step = '']) => step)
}

const jenkinsfile = readFileSync('examples/jenkins/Jenkinsfile', 'utf8')
const [deploy = '', gate = '', promote = '', undo = ''] = stepsOf(jenkinsfile)

const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'there is no curl on this machine'

t.test('Jenkins: a bad rollout ends with exit code 1, and is undone', { skip: noCurl }, async t => {
  const { sh, kubectl } = await agent(t, 3)
  t.equal((await sh(deploy)).code, 0)
  const { code, said } = await sh(gate)
  t.equal(code, 1, said)
  t.match(said, /FAIL {2}p95 of orders is [1-3]\.\d\d times the baseline's/)
  t.equal((await sh(undo)).code, 0)
  t.equal(
    kubectl(),
    'set image deployment/orders-gray orders=orders:2\nrollout status deployment/orders-gray --timeout=5m\nrollout undo deployment/orders-gray\n'
  )
  t.match(readFileSync(join(t.testdirName, 'gate.xml'), 'utf8'), '<failure message="p95 of orders')
})

t.test('Jenkins: a good one goes on to its promotion', { skip: noCurl }, async t => {
  const { sh, kubectl } = await agent(t, 1)
  const { code, said } = await sh(gate)
  t.equal(code, 0, said)
  t.equal((await sh(promote)).code, 0)
  t.match(kubectl(), 'set image deployment/orders orders=orders:2')
})

t.test('Jenkins: a promotion that does not come up is undone, and one that never began is not', async t => {
  const failing = async (command: string) => {
    const { sh, kubectl } = await agent(t, 1, { KUBECTL_FAILS: command })
    t.equal((await sh(promote)).code, 1)
    return kubectl()
  }
  const set = 'set image deployment/orders orders=orders:2'
  const status = 'rollout status deployment/orders --timeout=5m'
  t.equal(await failing(status), `${set}\n${status}\nrollout undo deployment/orders\n`)
  t.equal(await failing(set), `${set}\n`)
})

t.test('Jenkins: a gray version that was never changed is not undone', async t => {
  const set = 'set image deployment/orders-gray orders=orders:2'
  const { sh, kubectl } = await agent(t, 1, { KUBECTL_FAILS: set })
  // Of the build before, in the same folder.
  t.equal((await sh('touch gray.changed')).code, 0)
  t.equal((await sh(deploy)).code, 1)
  t.equal((await sh(undo)).code, 0)
  t.equal(kubectl(), `${set}\n`)
})

t.test('Jenkins: one that is not proven in time is unstable, by exit code 2', { skip: noCurl }, async t => {
  const { sh } = await agent(t, 1, { MIN_SAMPLES: '999999', WINDOW: '1s', WAIT: '2s' })
  const { code, said } = await sh(gate)
  t.equal(code, 2, said)
  t.match(jenkinsfile, /if \(verdict == 2\) \{\s+unstable\(/)
  t.match(jenkinsfile, /\} else if \(verdict != 0\) \{\s+error\(/)
  t.match(jenkinsfile, /unsuccessful \{\s+sh '''\s+if \[ -e gray.changed \]; then kubectl rollout undo/)
})
