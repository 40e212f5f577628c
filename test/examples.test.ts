// The examples name flags that there are, and have the fields that their tools ask for, as written down below; by published
// schemas, where there are any, they are judged in interop/examples.ts. What they run is run in features/pipeline-*.test.ts.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { gateFlags } from '../src/cli/gate-flags.ts'

const io = { stdout: () => {}, stderr: () => {}, env: {} }

function read(path: string): string {
  return readFileSync(new URL(`../examples/${path}`, import.meta.url), 'utf8')
}

/** What the gate says of these flags. */
async function complaintOf(argv: readonly string[]): Promise<string | undefined> {
  const flags = await gateFlags(argv, io)
  return flags === 'help' || !('complaint' in flags) ? undefined : flags.complaint
}

/** The arguments of `tracebridge gate` in a line of shell, its variables filled in. */
function argumentsIn(text: string, variables: Readonly<Record<string, string>>): string[] {
  const [, line = ''] = /tracebridge gate (--.*)/.exec(text) ?? []
  const [flags = ''] = line.split(/ (?:>|\|\|) /)
  return flags.split(' ').map(word => word.replace(/^"?\$(\w+)"?$/, (_, name) => variables[name] ?? ''))
}

t.test('Jenkins: the flags of its gate are right with its own settings', async t => {
  const text = read('jenkins/Jenkinsfile')
  const settings = Object.fromEntries(
    [...text.matchAll(/^ {4}(\w+) = '(.*)'$/gm)].map(([, key, is]) => [key, is])
  )
  const argv = argumentsIn(text, settings)
  t.ok(argv.includes('http://gateway-0.gateway.shop:9901') && argv.includes('gate.xml'))
  t.equal(await complaintOf(argv), undefined)
  t.equal(text.split('{').length, text.split('}').length, 'braces are balanced')
})

t.test('GitHub Actions', async t => {
  const workflow = parse(read('github-actions/canary.yml'))
  t.match(workflow, { name: 'canary', on: { workflow_dispatch: { inputs: { image: { type: 'string' } } } } })
  const { rollout } = workflow.jobs
  t.match(rollout, { 'runs-on': ['self-hosted'], 'timeout-minutes': 45 })
  for (const step of rollout.steps) t.match(step, { name: /./, run: /./ })
  const gate = rollout.steps.find(({ id }: { id?: string }) => id === 'gate')
  t.equal(await complaintOf(argumentsIn(gate.run, rollout.env)), undefined)
})

t.test('Argo Rollouts: a Job that is tried once', async t => {
  const template = parse(read('argo-rollouts/analysis-template.yaml'))
  t.match(template, { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate', metadata: { name: /./ } })
  const [metric] = template.spec.metrics
  const { spec } = metric.provider.job
  t.equal(spec.backoffLimit, 0)
  t.equal(spec.template.spec.restartPolicy, 'Never')
  const args: readonly { name: string; value?: string }[] = template.spec.args
  const values = new Map(args.map(({ name, value }) => [name, value ?? 'http://gateway:9901']))
  const [container] = spec.template.spec.containers
  const filled: string[] = container.args.map((text: string) =>
    text.replace(/\{\{args\.(\w+)\}\}/g, (_, name) => values.get(name) ?? 'missing')
  )
  t.equal(filled[0], 'gate')
  t.equal(await complaintOf(filled.slice(1)), undefined)
  t.notMatch([container.image, ...filled].join(' '), /missing/)
})

t.test('Flagger: a metric that there is, and a webhook that runs the gate', async t => {
  const [canary, template] = parseAllDocuments(read('flagger/canary.yaml')).map(document => document.toJS())
  t.match(canary, {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    spec: { targetRef: { kind: 'Deployment' } }
  })
  t.match(template, { apiVersion: 'flagger.app/v1beta1', kind: 'MetricTemplate' })
  const { metrics, webhooks, ...analysis } = canary.spec.analysis
  t.match(analysis, { interval: '1m', threshold: 5, maxWeight: 30, stepWeight: 10 })
  t.equal(metrics[0].templateRef.name, template.metadata.name)
  t.match(template.spec.query, /http_client_request_duration_seconds_bucket\{service_tag="gray"\}/)
  const types = webhooks.map(({ type }: { readonly type: string }) => type)
  t.same(types, ['pre-rollout', 'confirm-promotion', 'rollout'])
  t.equal(await complaintOf(argumentsIn(webhooks[1].metadata.cmd, {})), undefined)
})
