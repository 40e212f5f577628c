// What can be said of the chart without Helm: its values and their schema, its examples, and the manifests that were
// rendered from it. `npm run chart:check` renders it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { type Schema, valuesSchema } from '../../docs/chart.ts'
import { closeLimitMs } from '../../src/report/pipeline.ts'
import { settleDrain } from '../../src/rules/settle-limits.ts'
import { valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { runFile } from '../ready-made.ts'
import { wires } from '../wires.ts'
import { problemsOf, ruleFilesOf } from './judge.ts'
import { gateway } from './life.ts'
import { at, itemsAt, manifestsOf, textAt } from './manifests.ts'
import { acceptable, complaintsOf } from './rules.ts'

const folder = 'helm/tracebridge'
const read = (file: string): unknown => parse(readFileSync(file, 'utf8'))
const schema = valuesSchema()

/** Paths of keys that values have and the schema does not know. */
function unknownTo(schema: Schema, value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const { properties, additionalProperties } = schema
  return Object.entries(value).flatMap(([key, each]) => {
    const known = properties?.[key]
    if (known !== undefined) return unknownTo(known, each, `${path}.${key}`)
    return additionalProperties === false ? [`${path}.${key}`] : []
  })
}

/** Paths of keys that the schema has and values do not. */
function missingIn(value: unknown, { properties = {} }: Schema, path = ''): readonly string[] {
  return Object.entries(properties).flatMap(([key, each]) => {
    const own = path === '' && (key === 'rules' || key === 'global')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
      return own ? [] : [`${path}.${key}`]
    return own ? [] : missingIn(at(value, key), each, `${path}.${key}`)
  })
}

t.test('every value has a default and a description, and no other is known', async t => {
  t.same(unknownTo(schema, read(`${folder}/values.yaml`)), [])
  t.same(missingIn(read(`${folder}/values.yaml`), schema), [])
})

t.test('the chart knows what the gateway does by itself as it ends, and so does its judge', async t => {
  const times = readFileSync(`${folder}/templates/_times.tpl`, 'utf8')
  const said = (name: string) => Number(new RegExp(`"tracebridge.${name}" -}}(\\d+)`).exec(times)?.[1])
  t.same({ linger: said('gatewayLinger'), timeout: said('gatewayTimeout'), flush: said('flush') }, gateway)
})

t.test('what the judge holds of the gateway is what the gateway does', async t => {
  const { linger, timeout } = settleDrain(undefined)
  t.same({ linger: linger / 1000, timeout: timeout / 1000, flush: closeLimitMs / 1000 }, gateway)
})

t.test('the chart is of the version of the package', async t => {
  t.equal(textAt(read(`${folder}/Chart.yaml`), 'appVersion'), textAt(read('package.json'), 'version'))
})

for (const name of readdirSync(`${folder}/ci`)) {
  t.test(`ci/${name} has no value that is misspelt, and rules that check accepts`, async t => {
    const values = read(`${folder}/ci/${name}`)
    t.same(unknownTo(schema, values), [])
    if (at(values, 'rules') !== undefined) {
      t.same(complaintsOf(new Map([['rules.yaml', JSON.stringify(at(values, 'rules'))]])), [])
    }
  })
}

t.test('the manifests to apply without Helm are fit for a cluster', async t => {
  t.same(problemsOf(manifestsOf(readFileSync('deploy/edge.yaml', 'utf8')), { kind: 'edge', stop: 0 }), [])
  t.same(
    problemsOf(manifestsOf(readFileSync('deploy/sidecar.yaml', 'utf8')), { kind: 'native', stop: 20 }),
    []
  )
})

t.test('what is wrong with a manifest is seen', async t => {
  const edge = readFileSync('deploy/edge.yaml', 'utf8')
  const wrong: readonly (readonly [string | RegExp, string, RegExp])[] = [
    ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', /may write its root/],
    ['allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true', /not restricted/],
    ['terminationGracePeriodSeconds: 90', 'terminationGracePeriodSeconds: 30', /shorter than the 80 s/],
    ['mountPath: /etc/tracebridge/rules', 'subPath: a, mountPath: /etc/tracebridge/rules', /subPath/],
    ['upstream: demo', 'upstream: dmeo', /did you mean demo/],
    ['--max-old-space-size=384', '--max-old-space-size=500', /a heap of 500 MiB/],
    ['targetPort: tb-http', 'targetPort: http', /has no port http/],
    ['port: tb-http, protocol', 'port: http, protocol', /NetworkPolicy\/tracebridge: .* has no port http/],
    ['path: /livez, port: tb-admin', 'path: /livez, port: admin', /livenessProbe asks port admin/],
    ['path: /livez, port: tb-admin', 'path: /livez, port: tb-http', /livenessProbe is not of tb-admin/],
    [
      'address: 0.0.0.0:9901',
      'address: 0.0.0.0:9902',
      /tb-admin: rules listen on 0.0.0.0:9902, the pod says 9901/
    ],
    ['address: 0.0.0.0:8080', 'address: 127.0.0.1:8080', /tb-http: .*not for the pod/],
    ['--rules, /etc/tracebridge/rules', '--rules, /etc/rules', /where it does not read them/],
    ['configMap: { name: tracebridge }', 'configMap: { name: mine }', /nobody brings the ConfigMap mine/],
    [/app.kubernetes.io\/component: gateway/, 'app.kubernetes.io/component: getaway', /selects no pod/]
  ]
  for (const [from, to, expected] of wrong) {
    const problems = problemsOf(manifestsOf(edge.replace(from, to)), { kind: 'edge', stop: 0 })
    t.match(problems.join('\n'), expected, String(expected))
  }
})

t.test(
  'the rules of the kustomize component continue a trace in the dialect of the service beside it',
  async t => {
    const component = 'deploy/kustomize/sidecar'
    const text = readFileSync(`${component}/rules.yaml`, 'utf8')
    t.same(complaintsOf(new Map([['rules.yaml', text]])), [])
    const service = await startOrigin(t)
    const file = join(t.testdir({ 'rules.yaml': acceptable(text) }), 'rules.yaml')
    const { port } = await runFile(t, file, { SERVICE_PORT: String(service.port) })
    const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
    await ask(t, port, { fields: wires.w3c.write(traceId, spanId, 'keep') })
    t.match(wires.b3multi.read(service.last()), { traceId, spanId, wish: 'keep' })
    t.equal(valueIn(service.last(), 'traceparent'), undefined)
  }
)

t.test(
  'the sidecar of the component and of the chart are one and the same, but for what values say',
  async t => {
    const patch = at(read('deploy/kustomize/sidecar/deployment.yaml'), 'spec', 'template', 'spec')
    const manifests = manifestsOf(readFileSync('deploy/sidecar.yaml', 'utf8'))
    const deployment = manifests.find(({ kind }) => kind === 'Deployment')?.value
    const [ours] = itemsAt(patch, 'initContainers')
    const [charts] = itemsAt(deployment, 'spec', 'template', 'spec', 'initContainers')
    for (const key of [
      'args',
      'ports',
      'restartPolicy',
      'startupProbe',
      'readinessProbe',
      'livenessProbe',
      'lifecycle',
      'resources',
      'securityContext',
      'volumeMounts'
    ]) {
      t.same(at(ours, key), at(charts, key), key)
    }
    t.equal(ruleFilesOf(manifests).length, 1)
  }
)
