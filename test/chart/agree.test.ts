import t from 'tap'
import { contradictions } from './agree.ts'
import type { Manifest } from './manifests.ts'

const admin = { httpGet: { path: '/readyz', port: 'tb-admin' } }
const ports = [
  { name: 'tb-http', containerPort: 15080 },
  { name: 'tb-admin', containerPort: 15901 }
]

function sleep(seconds: number): object {
  return { lifecycle: { preStop: { sleep: { seconds } } } }
}

/** A pod with the gateway and a service, both changed. */
function beside(gateway: object, service: object): readonly Manifest[] {
  const own = { name: 'tracebridge', ports, startupProbe: admin, readinessProbe: admin, livenessProbe: admin }
  const text = 'listen: [{ address: 0.0.0.0:15080 }]\nadmin: { address: 0.0.0.0:15901 }\n'
  return [
    { kind: 'ConfigMap', name: 'rules', value: { data: { 'rules.yaml': text } } },
    {
      kind: 'Pod',
      name: 'a',
      value: {
        spec: {
          initContainers: [{ ...own, ...gateway }],
          containers: [{ name: 'service', ...service }],
          volumes: [{ name: 'tracebridge-rules', configMap: { name: 'rules' } }]
        }
      }
    }
  ]
}

t.test('a service that asks through the gateway by number and stops with it is right', async t => {
  const probe = { readinessProbe: { httpGet: { path: '/', port: 15080 } } }
  t.same(contradictions(beside(sleep(5), { ...sleep(5), ...probe })), [])
})

t.test('a probe cannot ask a port that another container of the pod names', async t => {
  const probe = { readinessProbe: { httpGet: { path: '/', port: 'tb-http' } } }
  t.match(contradictions(beside({}, probe)), [/service: its readinessProbe asks port tb-http/])
})

t.test('a service that does not wait as long as the gateway before its end is found', async t => {
  t.match(contradictions(beside(sleep(5), {})), [/service: waits 0 s before its end, the gateway 5 s/])
  t.match(contradictions(beside(sleep(5), sleep(9))), [/waits 9 s/])
})

t.test('where the kubelet cannot sleep, the service must not ask it to', async t => {
  const waits = { exec: { command: ['/nodejs/bin/node', '-e', 'setTimeout(() => {}, 5000)'] } }
  const gateway = { lifecycle: { preStop: waits } }
  t.same(contradictions(beside(gateway, {})), [])
  t.match(contradictions(beside(gateway, sleep(5))), [/which this cluster refuses/])
})

t.test('a ConfigMap that nobody brings is found, one that is there already is not', async t => {
  const env = { kind: 'Pod', name: 'b', value: { spec: { volumes: [{ configMap: { name: 'theirs' } }] } } }
  t.match(contradictions([env]), [/nobody brings the ConfigMap theirs/])
  t.same(contradictions([env], ['theirs']), [])
})

t.test('a CronJob has a shorter name than others, as its Jobs have longer ones', async t => {
  const named = (kind: string, length: number) =>
    contradictions([{ kind, name: 'a'.repeat(length), value: {} }])
  t.same([...named('CronJob', 52), ...named('Service', 63)], [])
  t.match(named('CronJob', 53), [/53 characters, 52 at most/])
  t.equal(named('Service', 64).length, 1)
})
