import t from 'tap'
import { violations } from './restricted.ts'

const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const pod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }

/** A pod that passes, with a container changed. */
function changed(container: object, spec: object = {}): unknown {
  return {
    securityContext: pod,
    containers: [{ name: 'a', securityContext: security, ...container }],
    ...spec
  }
}

t.test('a pod that says all that it must is let in', async t => {
  t.same(
    violations(
      changed({
        securityContext: { ...security, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }
      })
    ),
    []
  )
})

t.test('whatever "restricted" forbids is found, in init containers as well', async t => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ containers: [{ name: 'a', securityContext: security }] }, 'a: runAsNonRoot'],
    [{ containers: [{ name: 'a', securityContext: security }] }, 'a: seccompProfile'],
    [changed({ securityContext: {} }), 'a: allowPrivilegeEscalation'],
    [changed({ securityContext: {} }), 'a: capabilities not dropped'],
    [
      changed({ securityContext: { ...security, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } } }),
      'a: capability NET_ADMIN'
    ],
    [changed({ securityContext: { ...security, privileged: true } }), 'a: privileged'],
    [changed({ securityContext: { ...security, runAsUser: 0 } }), 'a: runAsUser 0'],
    [changed({ securityContext: { ...security, runAsNonRoot: false } }), 'a: runAsNonRoot false'],
    [
      changed({ securityContext: { ...security, seccompProfile: { type: 'Unconfined' } } }),
      'a: seccompProfile Unconfined'
    ],
    [changed({ securityContext: { ...security, procMount: 'Unmasked' } }), 'a: procMount'],
    [changed({ ports: [{ containerPort: 80, hostPort: 80 }] }), 'a: hostPort'],
    [
      changed({ livenessProbe: { httpGet: { host: '169.254.169.254', port: 80 } } }),
      'a: livenessProbe of another host'
    ],
    [changed({}, { hostNetwork: true }), 'hostNetwork'],
    [changed({}, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'volume hostPath'],
    [changed({}, { initContainers: [{ name: 'i' }] }), 'i: allowPrivilegeEscalation']
  ]
  for (const [spec, expected] of cases)
    t.ok(violations(spec).includes(expected), `${expected}: ${violations(spec)}`)
})
