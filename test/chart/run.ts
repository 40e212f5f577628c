// `npm run chart:check`: the chart and the kustomize component, rendered by the real programs over a matrix of values,
// held to the schemas of Kubernetes and to what this project promises. No cluster. `-- --write` renders deploy/*.yaml,
// `-- --notes` prints what Helm would tell who installs it.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createTally, type Tally } from '../tally.ts'
import { type Expected, problemsOf, ruleFilesOf } from './judge.ts'
import { at, manifestsOf, numberAt, textAt } from './manifests.ts'
import { chart, createPrograms, inRepository, type Programs, type Ran, scratch } from './programs.ts'
import { broken, careless, misspelt } from './refused.ts'
import { aheadOf } from './rules.ts'
import { toolsAt } from './tools.ts'

/** Without native sidecars, with them, and with the kubelet's sleep before the stop; the last that the validator knows. */
const clusters = ['1.28', '1.29', '1.30'] as const
const latest = '1.30'
const cases = join(chart, 'ci')
const values = readdirSync(cases).filter(name => name.endsWith('.yaml'))

type Check = Tally &
  Programs & {
    readonly folder: string
    /** Everything that is wrong with what was rendered. */
    readonly judged: (ran: Ran, version: string, expected: Expected) => readonly string[]
  }

function checkMatrix({ lint, template, holds, judged }: Check): void {
  for (const name of values) {
    const file = join(cases, name)
    const { problem } = lint(latest, ['-f', file])
    holds(`lint ${name}`, problem === undefined ? [] : [problem])
    for (const version of clusters) {
      const ran = template(version, ['-f', file])
      const expected = expectedOf(file, version)
      const kind = expected.kind === undefined ? '' : `, ${expected.kind}`
      holds(
        `${name} on ${version}: ${manifestsOf(ran.out).length} objects${kind}`,
        judged(ran, version, expected)
      )
    }
  }
}

/** What the values ask for, read from them and not from what came of them. */
function expectedOf(file: string, version: string): Expected {
  const asked: unknown = parse(readFileSync(file, 'utf8'))
  const stop = numberAt(asked, 'sidecar', 'stopSeconds')
  const native = at(asked, 'sidecar', 'native') ?? version !== '1.28'
  const beside =
    at(asked, 'sidecar', 'app') === undefined ? undefined : native === true ? 'native' : 'classic'
  return {
    stop: Number.isNaN(stop) ? 30 : stop,
    kind: at(asked, 'mode') === 'sidecar' ? beside : 'edge',
    brought: [textAt(asked, 'existingRules')]
  }
}

function checkRefusals({ template, invalid, holds }: Check): void {
  for (const [set, named] of misspelt) {
    const { problem = 'it was taken' } = template(
      latest,
      set.split(' ').flatMap(each => ['--set', each])
    )
    holds(`refused: ${set}`, problem.includes(named) ? [] : [problem.slice(0, 300)])
  }
  const { out: whole } = template(latest, ['-f', join(cases, 'everything.yaml')])
  for (const [right, wrong] of broken) {
    const yaml = whole.replace(right, wrong)
    const seen = yaml !== whole && invalid(yaml, latest).length > 0
    holds(`the validator refuses ${wrong}`, seen ? [] : ['it did not'])
  }
}

function checkChanges({ template, holds }: Check): void {
  const deployments = (rate: string) => {
    const manifests = manifestsOf(template(latest, ['--set', `rules.sampling.rate=${rate}`]).out)
    return JSON.stringify(manifests.filter(({ kind }) => kind === 'Deployment'))
  }
  const same = deployments('1%') === deployments('2%') && deployments('1%') !== '[]'
  holds('changed rules change no pod: nothing restarts', same ? [] : ['the Deployment differs'])
  const monitored = (args: readonly string[]) =>
    manifestsOf(template(latest, args).out).some(({ kind }) => kind === 'ServiceMonitor')
  holds('a ServiceMonitor where the cluster knows them, and only there', [
    ...(monitored([]) ? ['without the capability'] : []),
    ...(monitored(['--api-versions', 'monitoring.coreos.com/v1']) ? [] : ['not with it'])
  ])
}

/** Values that examples have no room for. */
function checkCorners({ template, judged, holds }: Check): void {
  const set = (...all: readonly string[]) =>
    template(
      latest,
      all.flatMap(each => ['--set', each])
    )
  const edge: Expected = { kind: 'edge', stop: 0 }
  const long = `fullnameOverride=${'shop-'.repeat(12)}`
  const scheduled = set(long, 'smoke.schedule=0 * * * *', 'smoke.job=true')
  holds('a name that is too long is cut for what makes longer ones of it', judged(scheduled, latest, edge))
  const policies = ['ClusterIP', 'NodePort', 'LoadBalancer'].map(type => {
    const services = manifestsOf(set(`service.type=${type}`).out).filter(({ kind }) => kind === 'Service')
    return textAt(services[0]?.value, 'spec', 'externalTrafficPolicy')
  })
  const local = policies.join() === ',Local,Local'
  holds('callers from outside keep their addresses', local ? [] : [policies.join()])
  const closed = ['networkPolicy.from[0].ipBlock.cidr=10.0.0.0/8']
  const lets = (ran: Ran) => {
    const policy = manifestsOf(ran.out).find(({ kind }) => kind === 'NetworkPolicy')?.value
    return JSON.stringify(at(policy, 'spec', 'ingress') ?? '').includes('"smoke"')
  }
  const smoke = lets(set(...closed, 'smoke.route=true'))
  const none = lets(set(...closed, 'rules.upstreams.a.echo=true'))
  holds('smoke pods get in where only some callers do, and only when there are any', [
    ...(smoke ? [] : ['they do not']),
    ...(none ? ['without smoke as well'] : [])
  ])
}

/** Only `helm install` shows NOTES, and wants a cluster for it: here they are put where `helm template` shows them. */
function checkNotes({ template, holds, say, folder }: Check): void {
  const noted = join(folder, 'noted')
  cpSync(chart, noted, { recursive: true })
  const text = readFileSync(join(noted, 'templates/NOTES.txt'), 'utf8')
  writeFileSync(join(noted, 'templates/_notes.tpl'), `{{ define "notes" }}${text}{{ end }}`)
  writeFileSync(join(noted, 'templates/notes.yaml'), 'notes: {{ include "notes" . | toJson }}\n')
  const wanted = [/curl -i (-k )?-H 'traceparent: 00-|targetPort at tb-http/, /curl localhost:9901\/metrics/]
  for (const name of values) {
    const { out } = template(latest, ['-f', join(cases, name), '--show-only', 'templates/notes.yaml'], noted)
    const notes = textAt(manifestsOf(out)[0]?.value, 'notes')
    if (process.argv.includes('--notes')) say(notes)
    holds(`NOTES of ${name} say what to ask`, wanted.every(pattern => pattern.test(notes)) ? [] : [notes])
  }
  for (const [args, warning] of careless) {
    const set = args.split(' ').flatMap(each => (each === '' ? [] : ['--set', each]))
    const { out } = template(latest, [...set, '--show-only', 'templates/notes.yaml'], noted)
    const notes = textAt(manifestsOf(out)[0]?.value, 'notes')
    const right = warning === undefined ? !/Take care/.test(notes) : notes.includes(warning)
    holds(
      `NOTES ${warning === undefined ? 'have no warning' : `warn of ${warning}`}: ${args}`,
      right ? [] : [notes]
    )
  }
}

function checkOtherWays({ template, kustomize, judged, holds, folder }: Check): void {
  const own = join(folder, 'own-chart')
  cpSync(inRepository('deploy/own-chart'), own, { recursive: true })
  // What `helm dependency build` does.
  cpSync(chart, join(own, 'charts/tracebridge'), { recursive: true })
  for (const version of clusters) {
    const kind = version === '1.28' ? 'classic' : 'native'
    const problems = judged(template(version, [], own), version, { kind, stop: 30 })
    holds(`a chart of somebody else includes the sidecar on ${version}, ${kind}`, problems)
  }
  const built = kustomize(inRepository('deploy/kustomize/example'))
  holds(
    'the kustomize component puts it beside a service',
    judged(built, latest, { kind: 'native', stop: 30 })
  )
}

function checkReady({ template, holds }: Check): void {
  const ready = [
    ['deploy/edge.yaml', 'minimal.yaml'],
    ['deploy/sidecar.yaml', 'sidecar.yaml']
  ] as const
  for (const [name, file] of ready) {
    // What any cluster knows, and nothing that runs once.
    const plain = ['--no-hooks', '--set', 'monitor.enabled=false', '--set', 'smoke.job=false']
    const fresh = withoutHelm(template(latest, [...plain, '-f', join(cases, file)]).out, name)
    if (process.argv.includes('--write')) writeFileSync(inRepository(name), fresh)
    const same = readFileSync(inRepository(name), 'utf8') === fresh
    holds(`${name} is fresh`, same ? [] : ['npm run chart:check -- --write makes it so'])
  }
}

/** For people who apply it as it is: no trace of how it was made. */
function withoutHelm(out: string, name: string): string {
  const kept = out.split('\n').filter(line => !/^# Source:|helm\.sh\/chart:|managed-by: Helm/.test(line))
  const text = kept
    .join('\n')
    .replaceAll('demo-tracebridge', 'tracebridge')
    .replaceAll('instance: demo', 'instance: tracebridge')
  return `# Made from helm/tracebridge. Set the image, then: kubectl apply -n NAMESPACE -f ${name}\n${text}`
}

function check(tally: Tally, programs: Programs, folder: string): void {
  const ahead = new Set<string>()
  const judged: Check['judged'] = ({ out, problem }, version, expected) => {
    if (problem !== undefined) return [problem]
    const manifests = manifestsOf(out)
    for (const [, files] of ruleFilesOf(manifests)) for (const key of aheadOf(files)) ahead.add(key)
    return [...programs.invalid(out, version), ...problemsOf(manifests, expected)]
  }
  const all: Check = { ...tally, ...programs, folder, judged }
  checkMatrix(all)
  checkRefusals(all)
  checkChanges(all)
  checkCorners(all)
  checkNotes(all)
  checkOtherWays(all)
  checkReady(all)
  for (const key of ahead)
    tally.say(`note: this gateway does not know ${key} yet, so check was not asked about it`)
}

const tally = createTally()
const folder = mkdtempSync(scratch)
try {
  const tools = toolsAt(tally.say)
  if (tools === undefined) {
    tally.say(
      'no Go here, which brings Helm and the validator: the chart was not checked\n\n0 passed, 0 failed, 1 skipped'
    )
  } else {
    check(tally, createPrograms(tools, folder), folder)
    process.exitCode = tally.close()
  }
} catch (error) {
  tally.holds('the check ran', [error instanceof Error ? `${error.stack}` : String(error)])
  process.exitCode = tally.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
