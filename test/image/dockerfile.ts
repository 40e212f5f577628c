// Reads a Dockerfile into stages of steps: what ours uses of it and no more, so that a step nobody runs is an error.
// Must not run anything. https://docs.docker.com/reference/dockerfile/

/** Words of the exec form, or one line for a shell. */
export type Command = readonly string[] | string

export type Step =
  | {
      readonly kind: 'copy'
      readonly from: string | undefined
      readonly sources: readonly string[]
      readonly to: string
    }
  | { readonly kind: 'run'; readonly command: Command }
  | { readonly kind: 'workdir'; readonly path: string }

export type Stage = {
  readonly name: string
  /** The image it begins with. */
  readonly image: string
  readonly steps: readonly Step[]
  readonly env: ReadonlyMap<string, string>
  readonly labels: ReadonlyMap<string, string>
  readonly ports: readonly number[]
  readonly user: string | undefined
  readonly health: readonly string[] | undefined
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

type Draft = { -readonly [Key in keyof Stage]: Stage[Key] } & {
  steps: Step[]
  env: Map<string, string>
  labels: Map<string, string>
}

/** The stages in order; throws for an instruction that it does not know. */
export function parseDockerfile(text: string): readonly Stage[] {
  const args = new Map<string, string>()
  const stages: Draft[] = []
  for (const line of instructions(text)) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? []
    const said = rest.replaceAll(/\$\{(\w+)\}/g, (_, arg: string) => args.get(arg) ?? '')
    if (name === 'ARG') {
      const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(said) ?? []
      args.set(key, value)
    } else if (name === 'FROM') stages.push(stageOf(said, stages.length))
    else apply(stages.at(-1) ?? unknown(line), name, said)
  }
  return stages
}

/** Lines without comments, continued ones joined. */
function instructions(text: string): readonly string[] {
  const kept = text.split('\n').filter(line => !line.startsWith('#') && line.trim() !== '')
  return kept
    .join('\n')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
}

function stageOf(said: string, at: number): Draft {
  const [, image = '', name = String(at)] =
    /^(?:--platform=\S+ )?(\S+)(?: AS (\w+))?$/.exec(said) ?? unknown(said)
  const nothing = { user: undefined, health: undefined, ports: [], entrypoint: [], command: [] }
  return { name, image, steps: [], env: new Map(), labels: new Map(), ...nothing }
}

function apply(stage: Draft, name: string, said: string): void {
  const words = said.split(/\s+/)
  if (name === 'WORKDIR') stage.steps.push({ kind: 'workdir', path: said })
  else if (name === 'RUN')
    stage.steps.push({ kind: 'run', command: said.startsWith('[') ? exec(said) : said })
  else if (name === 'COPY') stage.steps.push(copyOf(words))
  else if (name === 'ENV') for (const [key, value] of pairs(said)) stage.env.set(key, value)
  else if (name === 'LABEL') for (const [key, value] of pairs(said)) stage.labels.set(key, value)
  else if (name === 'EXPOSE') stage.ports = words.map(Number)
  else if (name === 'USER') stage.user = said
  else if (name === 'HEALTHCHECK') stage.health = exec(/ CMD (\[.*)$/.exec(said)?.[1] ?? unknown(said))
  else if (name === 'ENTRYPOINT') stage.entrypoint = exec(said)
  else if (name === 'CMD') stage.command = exec(said)
  else unknown(`${name} ${said}`)
}

function copyOf(words: readonly string[]): Step {
  const from = /^--from=(\w+)$/.exec(words[0] ?? '')?.[1]
  const paths = from === undefined ? words : words.slice(1)
  if (paths.some(path => path.startsWith('--'))) unknown(`COPY ${words.join(' ')}`)
  return { kind: 'copy', from, sources: paths.slice(0, -1), to: paths.at(-1) ?? '' }
}

/** Without a shell in the image, the exec form is the only one that runs there. */
function exec(said: string): readonly string[] {
  const words: unknown = JSON.parse(said)
  return Array.isArray(words) && words.every(word => typeof word === 'string') ? words : unknown(said)
}

function pairs(said: string): readonly (readonly [string, string])[] {
  return [...said.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S*))/g)].map(
    ([, key = '', quoted, bare]) => [key, quoted ?? bare ?? ''] as const
  )
}

function unknown(line: string): never {
  throw new Error(`the check does not know this step: ${line}`)
}
