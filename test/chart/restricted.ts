// The Pod Security Standard "restricted", in full: https://kubernetes.io/docs/concepts/security/pod-security-standards/
// Must not know anything of our chart.
import { at, containersOf, itemsAt, textAt } from './manifests.ts'

const volumeKinds = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret'
])
const seccomp = new Set(['RuntimeDefault', 'Localhost'])
const seLinux = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])
const sysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes'
])

/** What a cluster that enforces "restricted" would say of this pod; nothing when it would let it run. */
export function violations(spec: unknown): readonly string[] {
  const found: string[] = []
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) if (at(spec, key) === true) found.push(key)
  for (const volume of itemsAt(spec, 'volumes')) {
    const kinds = Object.keys(typeof volume === 'object' ? (volume ?? {}) : {}).filter(key => key !== 'name')
    for (const kind of kinds) if (!volumeKinds.has(kind)) found.push(`volume ${kind}`)
  }
  for (const sysctl of itemsAt(spec, 'securityContext', 'sysctls')) {
    if (!sysctls.has(textAt(sysctl, 'name'))) found.push(`sysctl ${textAt(sysctl, 'name')}`)
  }
  found.push(...context(at(spec, 'securityContext'), 'pod'))
  for (const container of containersOf(spec)) found.push(...ofContainer(container, spec))
  return found
}

/** What holds of a pod's security context and of a container's alike. */
function context(security: unknown, where: string): readonly string[] {
  const found: string[] = []
  const profile = at(security, 'seccompProfile', 'type')
  if (profile !== undefined && !seccomp.has(String(profile)))
    found.push(`${where}: seccompProfile ${profile}`)
  if (at(security, 'runAsNonRoot') === false) found.push(`${where}: runAsNonRoot false`)
  if (at(security, 'runAsUser') === 0) found.push(`${where}: runAsUser 0`)
  if (!seLinux.has(textAt(security, 'seLinuxOptions', 'type'))) found.push(`${where}: seLinuxOptions`)
  if (textAt(security, 'seLinuxOptions', 'user') + textAt(security, 'seLinuxOptions', 'role') !== '') {
    found.push(`${where}: seLinuxOptions`)
  }
  if (at(security, 'appArmorProfile', 'type') === 'Unconfined') found.push(`${where}: appArmorProfile`)
  if (at(security, 'windowsOptions', 'hostProcess') === true) found.push(`${where}: hostProcess`)
  return found
}

function ofContainer(container: unknown, spec: unknown): readonly string[] {
  const name = textAt(container, 'name')
  const security = at(container, 'securityContext')
  const found = [...context(security, name)]
  const either = (...path: readonly string[]) => at(security, ...path) ?? at(spec, 'securityContext', ...path)
  if (at(security, 'privileged') === true) found.push(`${name}: privileged`)
  if (at(security, 'allowPrivilegeEscalation') !== false) found.push(`${name}: allowPrivilegeEscalation`)
  if (!itemsAt(security, 'capabilities', 'drop').includes('ALL'))
    found.push(`${name}: capabilities not dropped`)
  for (const added of itemsAt(security, 'capabilities', 'add')) {
    if (added !== 'NET_BIND_SERVICE') found.push(`${name}: capability ${added}`)
  }
  if (!['', 'Default'].includes(textAt(security, 'procMount'))) found.push(`${name}: procMount`)
  if (either('runAsNonRoot') !== true) found.push(`${name}: runAsNonRoot`)
  if (!seccomp.has(String(either('seccompProfile', 'type')))) found.push(`${name}: seccompProfile`)
  for (const port of itemsAt(container, 'ports')) {
    if (![undefined, 0].some(free => free === at(port, 'hostPort'))) found.push(`${name}: hostPort`)
  }
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    for (const way of ['httpGet', 'tcpSocket']) {
      if (textAt(container, probe, way, 'host') !== '') found.push(`${name}: ${probe} of another host`)
    }
  }
  return found
}
