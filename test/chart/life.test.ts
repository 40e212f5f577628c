import t from 'tap'
import { disagreements, type Life, lifeOf } from './life.ts'
import type { Manifest, PodOf } from './manifests.ts'

const probe = { periodSeconds: 5, failureThreshold: 2 }
const container = {
  name: 'tracebridge',
  readinessProbe: probe,
  lifecycle: { preStop: { sleep: { seconds: 5 } } }
}
const volumes = [{ name: 'tracebridge-rules', projected: { sources: [{ configMap: { name: 'rules' } }] } }]

function pod(grace: number, spec: object): PodOf {
  return { of: 'Deployment/a', spec: { terminationGracePeriodSeconds: grace, volumes, ...spec }, labels: {} }
}

function rules(text: string): readonly Manifest[] {
  return [{ kind: 'ConfigMap', name: 'rules', value: { data: { 'chart.yaml': text } } }]
}

function life(of: PodOf, manifests: readonly Manifest[] = []): Life {
  const found = lifeOf(of, manifests)
  if (found === undefined) throw new Error('no gateway in it')
  return found
}

t.test('without drain in the rules the gateway takes what it takes by itself', async t => {
  const edge = life(pod(90, { containers: [container] }))
  t.match(edge, { kind: 'edge', preStop: 5, linger: 10, timeout: 60, needed: 80, left: 10 })
  t.same(disagreements(edge, 0), [])
})

t.test('a grace period that is too short is found, whatever made it so', async t => {
  t.equal(disagreements(life(pod(79, { containers: [container] })), 0).length, 1)
  const slow = life(pod(90, { containers: [container] }), rules('drain: { timeout: 5m }'))
  t.equal(slow.timeout, 300)
  t.equal(disagreements(slow, 0).length, 1)
})

t.test('the edge listens on until probes have seen that it ends', async t => {
  const hasty = life(pod(90, { containers: [container] }), rules('drain: { linger: 9s, timeout: 60s }'))
  t.match(disagreements(hasty, 0), [/closes 9 s after saying so/])
})

t.test('a native sidecar leaves its service the time that this may take', async t => {
  const drain = rules('drain: { linger: 0s, timeout: 5s }')
  const beside = { initContainers: [container], containers: [{ name: 'service' }] }
  t.match(life(pod(50, beside), drain), { kind: 'native', needed: 15, left: 35 })
  t.same(disagreements(life(pod(50, beside), drain), 30), [])
  t.match(disagreements(life(pod(50, beside), drain), 40), [/which leaves it 35 s/])
})

t.test(
  'a classic sidecar stays open while its service stops; its Node sleeps where the kubelet cannot',
  async t => {
    const waits = { exec: { command: ['/nodejs/bin/node', '-e', 'setTimeout(() => {}, 5000)'] } }
    const beside = { containers: [{ name: 'service' }, { ...container, lifecycle: { preStop: waits } }] }
    const open = life(pod(60, beside), rules('drain: { linger: 30s, timeout: 5s }'))
    t.match(open, { kind: 'classic', preStop: 5, linger: 30 })
    t.same(disagreements(open, 30), [])
    t.match(disagreements(open, 40), [/closes while the service/])
  }
)
