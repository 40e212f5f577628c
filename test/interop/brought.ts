// Dialects that rules bring along, from packages that other people published: what rules say of each, and what
// `tracebridge check` must say that its wire loses. Of all others it must not say that.
import { loadRules } from '../../src/rules/load.ts'
import { warningsOf } from '../../src/rules/warnings.ts'

export type Brought = {
  readonly name: string
  readonly package: string
  /** As in a rule file. */
  readonly options: string | undefined
  /** Words of the warning. */
  readonly loses: readonly string[]
}

// What OpenTelemetry's model has no place for.
const always = ['an open decision', '"debug"', "the parent's own parent", 'had 64 bits', 'tracestate']
const half = 'the first half of a 128-bit trace id'

export const brought: readonly Brought[] = [
  {
    name: 'brought-ot',
    package: '@opentelemetry/propagator-ot-trace',
    options: undefined,
    loses: [...always, half]
  },
  {
    name: 'brought-instana',
    package: '@opentelemetry/propagator-instana',
    options: undefined,
    loses: always
  },
  // 1 is B3InjectEncoding.MULTI_HEADER; without it this propagator writes b3, which the agent would not be sent.
  {
    name: 'brought-b3',
    package: '@opentelemetry/propagator-b3',
    options: '{ injectEncoding: 1 }',
    loses: always
  }
]

/** The block `dialects` of a rule file. */
export function dialectsBlock(): string {
  const lines = brought.map(({ name, package: from, options }) => {
    const given = options === undefined ? '' : `, options: ${options}`
    return `  ${name}: { package: "${from}"${given} }`
  })
  return `dialects:\n${lines.join('\n')}\n`
}

/** What is wrong with what `check` says of the rules in this file. */
export function judgeLosses(file: string): readonly string[] {
  const loaded = loadRules(file, {})
  if ('complaints' in loaded) return loaded.complaints.map(({ path, message }) => `${path} ${message}`)
  const warnings = warningsOf(loaded)
  return brought.flatMap(({ name, package: from, loses }) => {
    const said = warnings.find(each => each.startsWith(`dialect ${name} (${from})`)) ?? ''
    return [...always, half]
      .filter(loss => said.includes(loss) !== loses.includes(loss))
      .map(loss => `${name}: check ${said.includes(loss) ? 'says' : 'does not say'} that it loses ${loss}`)
  })
}
