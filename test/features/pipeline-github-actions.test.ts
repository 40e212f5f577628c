// The shell step of the example for GitHub Actions, as a runner runs it, around a running gateway.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { agent } from '../agent.ts'
import { send } from '../rollout.ts'

t.test('GitHub Actions: the step fails a bad rollout, and warns of one that is not proven', async t => {
  const workflow = parse(readFileSync('examples/github-actions/canary.yml', 'utf8'))
  const step: string = workflow.jobs.rollout.steps.find(({ id }: { id?: string }) => id === 'gate').run
  // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference
  const shell = ['bash', '--noprofile', '--norc', '-eo', 'pipefail']
  const bad = await agent(t, 3)
  let over = false
  const traffic = send(bad.url, () => over, 48)
  const failed = await bad.sh(step, shell)
  over = true
  await traffic
  t.equal(failed.code, 1, failed.said)
  t.match(readFileSync(join(t.testdirName, 'summary'), 'utf8'), /^```\nFAIL {2}p95 of orders/)
  const idle = await bad.sh(step.replace('"$WAIT"', '2s').replace('"$WINDOW"', '1s'), shell)
  t.equal(idle.code, 2)
  t.match(idle.said, /^::warning::the gate could not prove/m)
})

t.test('GitHub Actions: a gray version that was never changed is not undone', async t => {
  const workflow = parse(readFileSync('examples/github-actions/canary.yml', 'utf8'))
  const stepOf = (wanted: string) =>
    workflow.jobs.rollout.steps.find(({ name }: { name: string }) => name === wanted)
  const set = 'set image deployment/orders-gray orders=orders:2'
  for (const [fails, said] of [
    [set, ''],
    ['rollout status deployment/orders-gray --timeout=5m', 'changed=true\n']
  ] as const) {
    const { sh } = await agent(t, 1, { KUBECTL_FAILS: fails, GITHUB_OUTPUT: 'output' })
    writeFileSync(join(t.testdirName, 'output'), '')
    t.equal((await sh(stepOf('Deploy gray').run, ['bash', '-e'])).code, 1)
    t.equal(readFileSync(join(t.testdirName, 'output'), 'utf8'), said)
  }
  t.match(stepOf('Undo').if, /steps\.deploy\.outputs\.changed == 'true'$/)
  t.equal(stepOf('Deploy gray').id, 'deploy')
})
