// What must not pass: values that are misspelt or do not agree, and manifests that only a validator who means it refuses.

/** Values as `--set` takes them, and what the complaint has to name. */
export const misspelt: readonly (readonly [string, string])[] = [
  ['replica=3', 'replica'],
  ['image.tags=1', 'tags'],
  ['mode=egde', 'mode'],
  ['sidecar.natve=true', 'natve'],
  ['drain.lingers=10', 'lingers'],
  ['rules.samplng.rate=30%', 'samplng'],
  ['rules.sampling.rat=30%', 'rat'],
  ['rules.listen[0].address=:80', 'listen'],
  ['rules.upstreams.a.emits[0]=b3', 'emits'],
  ['terminationGracePeriodSeconds=30', 'terminationGracePeriodSeconds'],
  ['existingRules=mine rules.spans=none', 'existingRules'],
  ['smoke.job=true rules.upstreams.a.echo=true', 'smoke.route'],
  ['listen.port=9901', 'admin.port'],
  ['mode=sidecar sidecar.servicePort=15080', 'sidecar.servicePort'],
  ['heapMiB=512', 'heapMiB'],
  ['heapMiB=1024 resources.limits.memory=1Gi', 'heapMiB'],
  ['autoscaling.enabled=true autoscaling.minReplicas=11', 'minReplicas'],
  ['analysis.enabled=true', 'analysis.upstream'],
  ['httpRoute.enabled=true', 'httpRoute.parentRefs'],
  ['service.externalTrafficPolicy=local', 'externalTrafficPolicy'],
  ['sidecar.app.readynessProbe.periodSeconds=5', 'readynessProbe']
]

/** Values that are taken and deserve a warning, and what it has to name; undefined where nothing is to be said. */
export const careless: readonly (readonly [string, string | undefined])[] = [
  ['', undefined],
  ['service.type=LoadBalancer', 'rules.trust'],
  ['service.type=LoadBalancer rules.trust[0].from=any rules.trust[0].context=restart', undefined],
  ['monitor.enabled=true', 'networkPolicy.metricsFrom'],
  ['monitor.enabled=true networkPolicy.enabled=false', undefined],
  ['mode=sidecar sidecar.app.image=legacy:7', 'sidecar.app.readinessProbe']
]

/** What is right in a manifest, and the same misspelt; each in another kind. */
export const broken: readonly (readonly [string, string])[] = [
  ['readinessProbe:', 'readynessProbe:'],
  ['maxUnavailable: 2', 'maxUnavailabel: 2'],
  ['averageUtilization:', 'averageUtilisation:'],
  ['backendRefs:', 'backendRef:'],
  ['policyTypes:', 'policyType:'],
  ['concurrencyPolicy:', 'concurencyPolicy:'],
  ['successCondition:', 'sucessCondition:'],
  ['endpoints:', 'endpoint:']
]
