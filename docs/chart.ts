// The JSON Schema of the chart's values, which Helm holds them to, and the table of them for people. One description
// each; defaults are in values.yaml. Must not say anything of rules: that part is the rules' own schema.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { rulesSchema } from './schema.ts'

export type Schema = {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
}

type Described = (description: string, more?: Schema) => Schema

function kind(type: string | readonly string[]): Described {
  return (description, more = {}) => ({ description, type, ...more })
}

const text = kind('string')
const flag = kind('boolean')
const whole =
  (minimum: number): Described =>
  (description, more = {}) => ({ description, type: 'integer', minimum, ...more })
const wholeOrNone =
  (minimum: number): Described =>
  (description, more = {}) => ({ description, type: ['integer', 'null'], minimum, ...more })
const port: Described = description => ({
  description,
  type: ['integer', 'null'],
  minimum: 1024,
  maximum: 65535
})
/** What goes to Kubernetes as it is: its own schema judges that. */
const theirs = kind('object')
const theirList: Described = description => ({ description, type: 'array', items: { type: 'object' } })
const texts: Described = description => ({ description, type: 'array', items: { type: 'string' } })

function group(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { description, type: 'object', properties, additionalProperties: false }
}

const labels = (description: string) => theirs(description, { additionalProperties: { type: 'string' } })

/** The part of the rules that is the chart's own: said through values of the chart. */
const chartsOwn = new Set(['listen', 'admin', 'drain'])

function rules(): Schema {
  const schema: Schema = JSON.parse(JSON.stringify(rulesSchema()))
  const yours = Object.entries(schema.properties ?? {}).filter(([key]) => !chartsOwn.has(key))
  return group(
    'The rules, as a rule file says them, without `listen`, `admin` and `drain`. Without `upstreams` and `routes`: a demo at the edge, `sidecar.servicePort` beside a service.',
    Object.fromEntries(yours)
  )
}

const values: Readonly<Record<string, Schema>> = {
  mode: text('`edge`: a gateway of its own. `sidecar`: beside one service, in its pod.', {
    enum: ['edge', 'sidecar']
  }),
  nameOverride: text('In place of the chart’s name.'),
  fullnameOverride: text('In place of release and chart name.'),
  image: group('The image of the gateway.', {
    repository: text('Where it is; nothing is published yet, so a registry of yours.', { minLength: 1 }),
    tag: text('The chart’s `appVersion` when empty.'),
    digest: text('Wins over the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
    pullPolicy: text('When nodes fetch it.', { enum: ['Always', 'IfNotPresent', 'Never'] }),
    pullSecrets: theirList('`imagePullSecrets`.')
  }),
  rules: rules(),
  existingRules: text(
    'A ConfigMap of yours with rule files, in place of `rules`; again without `listen`, `admin` and `drain`.'
  ),
  checkRules: flag(
    'Run `tracebridge check` on the rules before each install and upgrade, and stop there if it refuses them.'
  ),
  listen: group('Where requests come in.', {
    port: port('The port in the pod; 8080, beside a service 15080.')
  }),
  tls: group('TLS on that port.', {
    secretName: text(
      'A Secret of type `kubernetes.io/tls`; plain HTTP when empty. Renewed ones are taken up without a restart.'
    ),
    clientCaSecretName: text('A Secret whose `ca.crt` signs the certificates of callers.')
  }),
  admin: group(
    'Probes, metrics and the rules in force, on a port of their own that is open to the pod network.',
    {
      port: port('The port in the pod; 9901, beside a service 15901.'),
      tokenSecret: group('The bearer token that changing calls must show.', {
        name: text('A Secret; without one, whoever reaches the port may change sampling and reload.'),
        key: text('The key in it.', { minLength: 1 })
      })
    }
  ),
  secrets: {
    description: `What rules read as \`\${file:/etc/tracebridge/secrets/NAME}\`.`,
    type: 'array',
    items: {
      type: 'object',
      properties: {
        name: text('The NAME.', { pattern: '^[a-z0-9][a-z0-9.-]*$' }),
        secretName: text('The Secret.', { minLength: 1 }),
        key: text('The key in it.', { minLength: 1 })
      },
      required: ['name', 'secretName', 'key'],
      additionalProperties: false
    }
  },
  env: theirList(`What rules read as \`\${NAME}\`.`),
  envFrom: theirList('The same, whole ConfigMaps or Secrets.'),
  preStop: whole(0)('Seconds between the end of a pod’s traffic being announced and its signal to stop.'),
  drain: group('How the gateway ends after that signal.', {
    linger: wholeOrNone(0)(
      'Seconds in which new requests are still taken; 10 at the edge, 0 beside a service, `sidecar.stopSeconds` for a classic sidecar.'
    ),
    timeout: wholeOrNone(1)('Seconds that requests in flight have then; 60 at the edge, 5 beside a service.')
  }),
  terminationGracePeriodSeconds: wholeOrNone(1)(
    'What all of that adds up to, and a margin. Less than it adds up to is refused.'
  ),
  resources: theirs('Of the gateway’s container.'),
  heapMiB: whole(32)('The heap of Node; about three quarters of the memory limit.'),
  runAsUser: wholeOrNone(1)('User and group; null lets the platform choose, as OpenShift does.'),
  serviceAccount: group(
    'The pods’ account. Nothing in them asks the API of the cluster, so no token is mounted.',
    {
      create: flag('Make one.'),
      name: text('Its name; the full name when empty.'),
      annotations: labels('Its annotations.')
    }
  ),
  podLabels: labels('More labels of the pods.'),
  podAnnotations: labels('Annotations of the pods.'),
  nodeSelector: labels('Of the pods.'),
  tolerations: theirList('Of the pods.'),
  affinity: theirs('Of the pods.'),
  priorityClassName: text('Of the pods.'),
  topologySpreadConstraints: {
    ...theirList('Of the pods at the edge; over zones and nodes, as far as possible, when null.'),
    type: ['array', 'null']
  },
  replicas: whole(0)('Pods at the edge, without autoscaling.'),
  autoscaling: group('A HorizontalPodAutoscaler at the edge.', {
    enabled: flag('Make one.'),
    minReplicas: whole(1)('At least.'),
    maxReplicas: whole(1)('At most.'),
    cpuPercent: whole(1)('The share of the CPU request to hold.'),
    requestsInFlight: wholeOrNone(1)(
      'Also hold this many requests in flight in each pod; needs an adapter that serves `tracebridge_requests_in_flight` as a metric of pods.'
    )
  }),
  disruptionBudget: group('A PodDisruptionBudget at the edge.', {
    enabled: flag('Make one.'),
    maxUnavailable: whole(1)('Pods that may be away at once on purpose.')
  }),
  service: group('The Service, at the edge and with `sidecar.app`.', {
    type: text('Its type.', { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] }),
    port: wholeOrNone(1)('Its port; 80, with TLS 443.'),
    externalTrafficPolicy: {
      description:
        '`Local` when null: callers keep their addresses, which `trust` judges. Only for NodePort and LoadBalancer.',
      enum: ['Local', 'Cluster', null]
    },
    annotations: labels('Its annotations.')
  }),
  networkPolicy: group(
    'A NetworkPolicy at the edge: in come requests and scrapes, out go DNS, upstreams and collectors.',
    {
      enabled: flag('Make one.'),
      from: theirList('Who may send requests; anybody when empty.'),
      metricsFrom: theirList(
        'Who may reach the admin port, besides the kubelet; nobody when empty, Prometheus included.'
      ),
      egress: {
        ...theirList(
          'Rules for what goes out, besides DNS; when null anywhere but 169.254.0.0/16 and 100.100.100.200, the clouds’ metadata services.'
        ),
        type: ['array', 'null']
      }
    }
  ),
  monitor: group('For Prometheus Operator: a ServiceMonitor at the edge, a PodMonitor beside a service.', {
    enabled: { description: '`auto`: where the cluster knows them.', enum: ['auto', true, false] },
    interval: text('How often.', { pattern: '^[0-9]+(ms|s|m)$' }),
    labels: labels('Labels that your Prometheus selects by.')
  }),
  httpRoute: group('A route of the Gateway API to the Service.', {
    enabled: flag('Make one.'),
    parentRefs: theirList('The Gateways it hangs on.'),
    hostnames: texts('Hosts.'),
    path: text('What paths begin with.', { pattern: '^/' })
  }),
  analysis: group(
    'An AnalysisTemplate for Argo Rollouts: p95 and errors of the targets with one tag against another’s.',
    {
      enabled: flag('Make one.'),
      prometheus: text('Where the gateway’s metrics are.'),
      upstream: text('The upstream to judge, as the rules name it.'),
      tag: text(
        'The label of the tag that tells versions apart; `service.tag` of a target is `service_tag`.',
        {
          pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$'
        }
      ),
      baseline: text('The tag’s value for the old version.'),
      candidate: text('The tag’s value for the new one.'),
      p95Ratio: { description: 'The new p95 over the old one, at most.', type: 'number', minimum: 0 },
      errorRatio: {
        description: 'The share of 5xx answers over the old one’s, at most.',
        type: 'number',
        minimum: 0
      },
      interval: text('Between two measurements.', { pattern: '^[0-9]+(s|m|h)$' }),
      count: whole(1)('Measurements.')
    }
  ),
  smoke: group('`tracebridge smoke` in the cluster. `helm test` runs it where there is an echo to ask.', {
    route: flag(
      'Add a route `/tracebridge-smoke` to an embedded echo. Callers from outside reach it as well, and see what the gateway makes of their own request.'
    ),
    path: text('A route of yours that leads to an echo.', { pattern: '^/' }),
    job: flag('Run it as a Job with each revision.'),
    schedule: text('Run it as a CronJob, such as `*/15 * * * *`.')
  }),
  sidecar: group('Beside a service.', {
    native: {
      description: 'A native sidecar (Kubernetes 1.29) or a classic container; `auto` asks the cluster.',
      enum: ['auto', true, false]
    },
    servicePort: whole(1)('Where the service listens in the pod.', { maximum: 65535 }),
    emit: texts('The dialects that the service reads.'),
    stopSeconds: whole(0)('How long the service may take to stop.'),
    app: group('The service, when the chart is to make its Deployment as well.', {
      image: text('Its image; without one the chart makes no Deployment.'),
      command: texts('Its command.'),
      args: texts('Its arguments.'),
      env: theirList('Its environment.'),
      envFrom: theirList('The same, whole ConfigMaps or Secrets.'),
      readinessProbe: theirs(
        'When it may get requests. `httpGet` without a port goes through the gateway, which reaches a service on loopback as well.'
      ),
      livenessProbe: theirs('When it is to be started anew; the same holds for its port.'),
      startupProbe: theirs('When it has started; the same holds for its port.'),
      securityContext: theirs(
        'Its security context, such as `runAsUser`, over what Pod Security "restricted" asks for.'
      ),
      resources: theirs('Its resources.'),
      replicas: whole(0)('Its pods.')
    })
  })
}

/** A JSON Schema, draft 7, as Helm reads it beside values.yaml. */
export function valuesSchema(): Schema & { readonly $schema: string; readonly title: string } {
  // Helm puts `global` into the values of a chart that another one depends on.
  const properties = { ...values, global: theirs('Of charts that have this one among their dependencies.') }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the tracebridge chart',
    type: 'object',
    properties,
    additionalProperties: false
  }
}

/** Every value, what it is for and what it is when nobody says so. */
export function valuesTable(): string {
  const defaults: unknown = parse(
    readFileSync(new URL('../helm/tracebridge/values.yaml', import.meta.url), 'utf8')
  )
  const rows = rowsOf(values, defaults, '')
  return ['| value | what it is for | default |', '| --- | --- | --- |', ...rows].join('\n')
}

function rowsOf(
  schemas: Readonly<Record<string, Schema>>,
  defaults: unknown,
  path: string
): readonly string[] {
  const given = new Map(typeof defaults === 'object' && defaults !== null ? Object.entries(defaults) : [])
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const at = `${path}${name}`
    const value: unknown = given.get(name)
    const inner = name === 'rules' ? undefined : schema.properties
    const shown = inner === undefined ? `\`${JSON.stringify(value)}\`` : ''
    const row = `| \`${at}\` | ${schema.description?.replaceAll('|', '\\|') ?? ''} | ${shown} |`
    return [row, ...(inner === undefined ? [] : rowsOf(inner, value, `${at}.`))]
  })
}
