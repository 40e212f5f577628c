// docs/kubernetes.md: what it tells people to type is typed, as far as it needs no cluster.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { startServing } from '../child.ts'

const text = readFileSync('docs/kubernetes.md', 'utf8')
const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, command = '']) => command.trim())
const rules = `
sampling: { rate: 30% }
export: [{ console: {} }]
cors: { origins: [https://shop.example.com] }
upstreams: { orders: { echo: true, emit: [b3multi] } }
routes: [{ match: { path: /orders/** }, upstream: orders }]
`

/** What each one has to show for the text around it to be of use, in order. */
const shown: readonly RegExp[] = [
  /4bf92f3577b34da6a3ce929d0e0e4736/,
  /Access-Control-Allow-Headers: .*traceparent/,
  /outcome="continued"\} 1/,
  /"trust": "restart"[\s\S]*"why"/,
  /X-B3-TraceId/,
  /tracebridge_spans_recorded_total/,
  /"to": "stdout"/,
  /tracebridge_sampling_rate\{route="[^"]+"\} 0\.3/
]

const skip = spawnSync('curl', ['--version']).status === 0 ? false : 'no curl here'

t.test('every command of the checklist shows what the text goes on about', { skip }, async t => {
  const gateway = await startServing(t, ['--rules', `${t.testdir({ 'rules.yaml': rules })}/rules.yaml`])
  t.equal(commands.length, shown.length)
  for (const [at, command] of commands.entries()) {
    const here = command
      .replaceAll('localhost:8080', `127.0.0.1:${gateway.port}`)
      .replaceAll('localhost:9901', gateway.adminUrl.replace('http://', ''))
    const { status, stdout } = spawnSync('sh', ['-c', here], { encoding: 'utf8', timeout: 10_000 })
    t.equal(status, 0, command)
    t.match(stdout, shown[at])
  }
})

t.test('its times are those of the manifests', async t => {
  t.match(
    text,
    new RegExp(
      `\`terminationGracePeriodSeconds\` \\| ${grace('deploy/edge.yaml')} \\| ${grace('deploy/kustomize/sidecar/deployment.yaml')} \\|`
    )
  )
})

function grace(file: string): string {
  return /terminationGracePeriodSeconds: (\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'none'
}
