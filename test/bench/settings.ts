// The rules that the gateway is measured with, as text.

export type Setting = {
  readonly name: string
  readonly accept: readonly string[]
  readonly emit: readonly string[]
  /** Percent of the requests whose spans are exported; `none`: no spans are made. */
  readonly spans: 'none' | number
  readonly routes?: number
  readonly workers?: number
}

const usual = { accept: ['w3c', 'b3', 'jaeger'], emit: ['w3c', 'b3'] }

export const settings = {
  bare: { name: 'tracebridge, bare', accept: [], emit: [], spans: 'none' },
  mediation: { name: 'tracebridge, mediation only', ...usual, spans: 'none' },
  at0: { name: 'tracebridge, spans at 0 %', ...usual, spans: 0 },
  at1: { name: 'tracebridge, spans at 1 %', ...usual, spans: 1 },
  at30: { name: 'tracebridge, spans at 30 %', ...usual, spans: 30 },
  at100: { name: 'tracebridge, spans at 100 %', ...usual, spans: 100 },
  four: {
    name: 'tracebridge, four dialects in, three out, spans at 30 %',
    accept: ['w3c', 'b3', 'jaeger', 'sw8'],
    emit: ['w3c', 'b3', 'sw8'],
    spans: 30
  }
} as const satisfies Record<string, Setting>

/** All that are minted; what most people run comes first. */
export const dialects = [
  ...['w3c', 'b3', 'b3multi', 'jaeger', 'sw8', 'eagleeye', 'xray'],
  ...['gcp', 'datadog', 'ot', 'sentry', 'elastic', 'instana', 'sofa']
]

/** Accepts and emits so many, the first ones; but sofa is never emitted, for it writes the fields of b3multi. */
export function withDialects(count: number): Setting {
  const accept = dialects.slice(0, count)
  const emit = accept.filter(name => name !== 'sofa')
  return { name: `tracebridge, ${count} dialects`, accept, emit, spans: 30 }
}

/** The one that is asked for is the last. */
export function withRoutes(routes: number): Setting {
  return { ...settings.at30, name: `tracebridge, ${routes} routes`, routes }
}

export type Ports = {
  readonly port: number
  readonly admin: number
  readonly upstream: number
  readonly collector: number
}

export function rulesOf({ accept, emit, spans, routes = 1 }: Setting, ports: Ports): string {
  const others = Array.from(
    { length: routes - 1 },
    (_, i) => `  - { match: { path: "/service-${i % 100}/items-${i}/{id}" }, upstream: orders }\n`
  )
  const reported =
    spans === 'none'
      ? 'spans: none\n'
      : `sampling: { rate: ${spans}%, parent: ignore }
export: [{ otlp: { url: http://127.0.0.1:${ports.collector}/v1/traces } }]
`
  return `service: { name: bench }
listen: [{ address: 127.0.0.1:${ports.port}, limits: { connections: 12000 }, timeouts: { keep-alive: 10m } }]
admin: { address: 127.0.0.1:${ports.admin} }
drain: { linger: 0s }
accept: [${accept.join(', ')}]
emit: [${emit.join(', ')}]
${reported}access-log: { to: none }
upstreams: { orders: { targets: [{ url: http://127.0.0.1:${ports.upstream} }] } }
routes:
${others.join('')}  - { match: { path: "/orders/{id}" }, upstream: orders }
  - { match: { path: "/events/{count}" }, upstream: orders }
`
}
