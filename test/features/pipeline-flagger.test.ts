// The hooks of the example for Flagger, as its load tester runs them, around a running gateway.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { agent } from '../agent.ts'
import { send } from '../rollout.ts'

const [canary] = parseAllDocuments(readFileSync('examples/flagger/canary.yaml', 'utf8')).map(one =>
  one.toJS()
)

/** The command of a hook, with the verdict in a folder of the test's and the waits of a test. */
function commandOf(t: Test, wanted: string): string {
  const hooks: readonly { name: string; metadata: { cmd: string } }[] = canary.spec.analysis.webhooks
  const { cmd } = hooks.find(({ name }) => name === wanted)?.metadata ?? { cmd: 'exit 99' }
  return cmd
    .replaceAll('/tmp/orders.verdict', join(t.testdirName, 'orders.verdict'))
    .replace('http://gateway-0.gateway.shop:9901', '"$GATEWAY_ADMIN"')
    .replace(
      '--for 15m',
      '--window "$WINDOW" --warm-up "$WARM_UP" --min-samples "$MIN_SAMPLES" --for "$WAIT"'
    )
}

// https://github.com/fluxcd/flagger/blob/main/pkg/loadtester/bash.go
const shell = ['bash']

t.test(
  'Flagger: what the gate has proven bad fails a check of each minute, and is not asked of again',
  async t => {
    const { url, sh } = await agent(t, 3)
    const hook = async (name: string) => (await sh(commandOf(t, name), shell)).code
    t.equal(await hook('begin'), 0)
    t.equal(await hook('verdict'), 0, 'nothing is known yet')
    let over = false
    const traffic = send(url, () => over, 48)
    t.equal(await hook('gate'), 1)
    over = true
    await traffic
    t.equal(await hook('verdict'), 1)
    const again = await sh(commandOf(t, 'gate'), shell)
    t.equal(again.code, 1)
    t.notMatch(again.said, 'FAIL', 'nobody looked again')
    t.equal(await hook('begin'), 0)
    t.equal(await hook('verdict'), 0, 'the next rollout begins anew')
  }
)

t.test('Flagger: what is not proven may be asked of again', async t => {
  const { sh } = await agent(t, 1, { MIN_SAMPLES: '999999', WINDOW: '1s', WAIT: '2s' })
  t.equal((await sh(commandOf(t, 'gate'), shell)).code, 2)
  t.equal((await sh(commandOf(t, 'verdict'), shell)).code, 0)
})
