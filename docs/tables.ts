// The tables of the documents, made from the code they describe.
import { fileURLToPath } from 'node:url'
import type { BaggageDialect } from '../src/baggage/baggage.ts'
import { baggageDialects } from '../src/baggage/find.ts'
import type { Reader } from '../src/dialects/dialect.ts'
import { accepted, isWritten } from '../src/dialects/find.ts'
import { type Failure, failures } from '../src/proxy/failure.ts'
import { createCaptures } from '../src/report/captures.ts'
import { loadFamilies } from '../src/report/load.ts'
import { createMetrics } from '../src/report/metrics.ts'
import { noGauges } from '../src/report/no-gauges.ts'
import { createPropagation } from '../src/report/propagation.ts'
import type { Family } from '../src/report/series.ts'
import { createUpstreams } from '../src/report/upstreams.ts'
import { loadRules } from '../src/rules/load.ts'
import { createWorkerCounts } from '../src/workers/counts.ts'
import { rulesSchema } from './schema.ts'

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** What each dialect is called, where it is written, and what is lost on it. */
export function dialectTable(): string {
  return table(
    ['in rules', 'fields', 'lost on this wire'],
    [...accepted.values()].map(dialect => [
      `\`${dialect.name}\``,
      dialect.fields.map(field => `\`${field}\``).join(', '),
      isWritten(dialect)
        ? lossesOf(dialect).join('; ') || 'nothing'
        : 'read only: `emit` cannot name it, and the field goes on as it came'
    ])
  )
}

function lossesOf({ carries }: Reader): string[] {
  const losses: string[] = []
  if (carries.sampling.defer !== 'defer') losses.push('an open sampling decision (the gateway decides first)')
  if (carries.sampling.debug !== 'debug') losses.push(`\`debug\` arrives as \`${carries.sampling.debug}\``)
  if (carries.dropped === 'decision') losses.push('the ids of a dropped trace (only the decision goes on)')
  if (carries.dropped === 'nothing') losses.push('dropped traces (nothing goes on of them)')
  if (carries.traceIdBits === 64) losses.push('the first half of a 128-bit trace id')
  if (carries.spanId !== 'always') losses.push('span ids (a path in their place)')
  if (!carries.parentId) losses.push("the parent's own parent")
  if (!carries.width) losses.push('whether the trace id had 64 bits')
  if (!carries.random) losses.push('the flag that the trace id is random')
  if (!carries.tracestate) losses.push('`tracestate`')
  return losses
}

/** Where each dialect of baggage is written, and what is lost on it. */
export function baggageTable(): string {
  return table(
    ['in rules', 'fields', 'what is lost there'],
    [...baggageDialects.values()].map(dialect => [
      `\`${dialect.name}\``,
      [
        ...dialect.prefixes.map(prefix => `\`${prefix}*\``),
        ...dialect.fields.map(field => fieldText(dialect, field))
      ].join(', '),
      baggageLosses(dialect).join(', ')
    ])
  )
}

function fieldText(dialect: BaggageDialect, field: string): string {
  const set: string[] = []
  dialect.inject([{ key: 'a', value: '1', dialect: 'none', raw: undefined }], set, 100)
  return `\`${field}\`${set.includes(field) ? '' : ' (read alone)'}`
}

function baggageLosses({ carries }: BaggageDialect): string[] {
  const losses = [`members beyond ${carries.members}`]
  if (carries.valueLength !== undefined) losses.push(`values beyond ${carries.valueLength} characters`)
  if (carries.bytes !== undefined) losses.push(`all beyond ${carries.bytes / 1024} KiB`)
  if (!carries.emptyValues) losses.push('empty values')
  if (!carries.anyKey) losses.push('keys that are no token')
  if (!carries.caseOfKeys) losses.push('case of keys')
  if (!carries.properties) losses.push('properties')
  if (!carries.repeats) losses.push('repeated keys')
  return losses
}

/** The one table of failures. */
export function failureTable(): string {
  return table(
    ['code', 'status', 'side', 'meaning'],
    Object.values<Failure>(failures).map(({ code, status, side, message, grpc }) => [
      `\`${code}\``,
      grpc === undefined ? String(status) : `grpc-status ${grpc}`,
      side,
      message
    ])
  )
}

/** Every metric. */
export function metricFamilies(): readonly Family[] {
  const { families } = createMetrics(noGauges, [
    ...createPropagation(() => 0).families,
    ...createCaptures(() => ({ keep: 0, take: () => false })).families,
    ...createUpstreams(() => [], { info: () => {}, warn: () => {}, error: () => {} }).families,
    ...loadFamilies({ connections: () => 0, turnedAway: () => 0, level: () => 0, shares: () => new Map() }),
    ...createWorkerCounts(
      () => 0,
      () => 0
    ).families
  ])
  return families
}

export function metricTable(): string {
  return table(
    ['metric', 'type', 'labels', 'meaning'],
    metricFamilies().map(({ name, type, labels, help }) => [
      `\`${type === 'counter' ? `${name}_total` : name}\``,
      type,
      labels.map(label => `\`${label}\``).join(', '),
      help
    ])
  )
}

type Schema = {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
}

/** Every key of the rules, and what holds where it is left out. */
export function ruleTable(): string {
  const rows = keysOf(rulesSchema() as Schema, '')
  const effective = effectiveBlocks()
  return table(
    ['key', 'what it says', 'default'],
    rows.map(([path = '', meaning = '']) => [`\`${path}\``, meaning, defaultOf(effective, path)])
  )
}

/** A rule file with one of every block, every default filled in. */
function effectiveBlocks(): unknown {
  const loaded = loadRules(fileURLToPath(new URL('blocks.yaml', import.meta.url)), { HOSTNAME: '' })
  if ('complaints' in loaded) throw new Error('docs/blocks.yaml is refused')
  return loaded.rules.effective
}

/** What its author has to say, or what another key decides, has no default of its own. */
const told: ReadonlyMap<string, string> = new Map([
  ['service.instance', 'the name of the machine'],
  ['service.version', 'none'],
  ['listen[].address', '`0.0.0.0:8080`'],
  ['listen[].tls', 'none: plain text'],
  ['listen[].tls.client', '`ask`'],
  ['trust', 'loopback and private ranges continue, others restart'],
  ['trust[].from', '`any`, beside what else is asked for'],
  ['sampling.limit', 'none'],
  ['sampling.rate', '`100%`'],
  ['sampling.adaptive', 'none'],
  ['sampling.adaptive.target', ''],
  ['sampling.at-most', 'none'],
  ['sampling.boost', 'none'],
  ['sampling.force', 'none'],
  ['sampling.force.header', ''],
  ['spans', '`report` with an exporter, else `none`'],
  ['cors', 'none'],
  ['capture', 'off'],
  ['dialects', 'none'],
  ['dialects.NAME.package', ''],
  ['dialects.NAME.export', 'the only one'],
  ['dialects.NAME.options', 'none'],
  ['export', 'none'],
  ['cors.origins', ''],
  ['export[].otlp.url', ''],
  ['export[].zipkin.url', ''],
  ['export[].skywalking.url', ''],
  ['upstreams.NAME.targets[].url', ''],
  ['upstreams.NAME.sticky', 'none: by turns'],
  ['upstreams.NAME.carry', 'none'],
  ['upstreams.NAME.fallback', '`any`'],
  ['upstreams.NAME.health', 'off'],
  ['upstreams.NAME.health.path', ''],
  ['upstreams.NAME.tls.ca', 'the public authorities'],
  ['upstreams.NAME.tls.cert', 'none'],
  ['upstreams.NAME.tls.server-name', 'the host of the URL'],
  ['routes[].retries', "the upstream's"],
  ['limits.body', 'none'],
  ['overload.memory', 'what the system allows, where it says so'],
  ['routes[].limits.body', 'that of the top'],
  ['routes[].timeouts.request', "the listener's"]
])

/** What a route or an upstream takes from the top is said there alone. */
function defaultOf(effective: unknown, path: string): string {
  const known = told.get(path)
  if (known !== undefined) return known
  if (
    /^(routes|upstreams|trust)./.test(path) &&
    !/timeouts|weight|limits|ejection|health|retries|resend|verify/.test(path)
  )
    return ''
  let value: unknown = effective
  const steps = path.split('.')
  for (const [at, step] of steps.entries()) {
    const name = step.replace('[]', '')
    value = name === 'NAME' ? Object.values(value as object)[0] : (value as Record<string, unknown>)?.[name]
    if (step.endsWith('[]')) value = itemWith(value, steps[at + 1])
  }
  if (value === undefined || value === null) return ''
  if (Array.isArray(value))
    return value.some(item => typeof item === 'object') ? '' : `\`[${value.join(', ')}]\``
  return typeof value === 'object' ? '' : `\`${String(value)}\``
}

/** The first item of a list in which that key is, where it is in some and not in others. */
function itemWith(list: unknown, key: string | undefined): unknown {
  if (!Array.isArray(list)) return undefined
  return (
    list.find(item => typeof item === 'object' && item !== null && key !== undefined && key in item) ??
    list[0]
  )
}

function keysOf(schema: Schema, path: string): string[][] {
  const rows: string[][] = []
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`
    const needed = schema.required?.includes(name) === true ? ' **Required.**' : ''
    if (child.description !== undefined) {
      rows.push([at, `${child.description.replaceAll('|', '\\|')}${needed}`])
    }
    rows.push(...keysOf(child, at))
  }
  if (schema.items !== undefined) rows.push(...keysOf(schema.items, `${path}[]`))
  if (typeof schema.additionalProperties === 'object')
    rows.push(...keysOf(schema.additionalProperties, `${path}.NAME`))
  for (const one of schema.anyOf ?? []) {
    // A list of what may stand there alone has no keys that are not said already.
    const alone = one.items && JSON.stringify(one.items)
    if (!schema.anyOf?.some(other => JSON.stringify(other) === alone)) rows.push(...keysOf(one, path))
  }
  return rows
}
