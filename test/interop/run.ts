// `npm run test:interop`: agents of other people call each other through one gateway, each every other one; and through
// another one to two back ends, which have to hold whole chains. Sketches of latencies are held against somebody else's.
// Their packages are apart from ours, in this folder, and installed here when they are not.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from '../running.ts'
import { agents, type Started, startAgent } from './agents.ts'
import { dialectsBlock, judgeLosses } from './brought.ts'
import { callChains } from './chains.ts'
import { exampleComplaints } from './examples.ts'
import { type Call, type Failed, judge, type Reported, type Spans, type Told, type Wish } from './judge.ts'
import { sketchComplaints } from './sketches.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const limitMs = 300_000
const installLimitMs = 300_000
const ways: readonly Spans[] = ['report', 'none']
const wishes: readonly Wish[] = ['keep', 'drop']

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function modified(file: string): number {
  return statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** None of these packages needs its scripts, and none of what is optional. */
function install(): void {
  if (modified('node_modules/.package-lock.json') > modified('package-lock.json')) return
  say('installing the agents')
  const args = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit', timeout: installLimitMs })
  if (status !== 0) throw new Error('the agents could not be installed')
}

function rulesFor(started: readonly Started[]): string {
  const upstreams = started.map(
    ({ agent: { name, emit }, url }) =>
      `  ${name}: { targets: [{ url: "${url}" }], emit: [${emit.join(', ')}] }`
  )
  const routes = started.flatMap(({ agent: { name } }) =>
    ways.map(spans => `  - { match: { path: /${spans}/${name} }, upstream: ${name}, spans: ${spans} }`)
  )
  return `
${dialectsBlock()}accept: [w3c, b3, b3multi, jaeger, sw8, datadog, xray, brought-ot, brought-instana]
export: [{ console: {} }]
upstreams:
${upstreams.join('\n')}
routes:
${routes.join('\n')}
`
}

async function toldBy(url: string): Promise<Told | Failed> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (answer.status === 200) return JSON.parse(text)
  const [error = ''] = text.split('\n')
  return { error }
}

async function callAll(started: readonly Started[], gateway: string): Promise<Call[]> {
  const calls: Call[] = []
  for (const { agent: near, url } of started)
    for (const { agent: far } of started)
      for (const spans of ways)
        for (const wish of wishes) {
          const told = await toldBy(`${url}/${wish}?to=${gateway}/${spans}/${far.name}`)
          calls.push({ near, far, wish, spans, told })
        }
  return calls
}

function spansIn(lines: readonly string[]): Reported[] {
  const spans: Reported[] = []
  for (const line of lines.join('').split('\n')) {
    if (line === '') continue
    const { trace_id: traceId, span_id: spanId, parent_id: parentId, kind } = JSON.parse(line)
    spans.push({ traceId, spanId, parentId, kind })
  }
  return spans
}

/** Prints who reached whom, and every complaint; gives how many pairs were whole. */
function tell(calls: readonly Call[], reported: readonly Reported[]): number {
  const wrong = new Set<string>()
  const complaints: string[] = []
  for (const call of calls) {
    const complaint = judge(call, reported)
    if (complaint === undefined) continue
    const { near, far, spans, wish } = call
    wrong.add(`${near.name} ${far.name}`)
    complaints.push(`${near.name} to ${far.name}, spans ${spans}, ${wish}: ${complaint}`)
  }
  const wide = Math.max(...agents.map(({ name }) => name.length))
  say(`${'from \\ to'.padEnd(wide)}  ${agents.map((_, at) => String(at + 1).padStart(2)).join(' ')}`)
  for (const [at, near] of agents.entries()) {
    const marks = agents.map(far => (wrong.has(`${near.name} ${far.name}`) ? ' x' : ' ✓'))
    say(`${near.name.padEnd(wide)}  ${marks.join(' ')}  ${at + 1}`)
  }
  for (const complaint of complaints) say(complaint)
  return agents.length ** 2 - wrong.size
}

/** One pass for all of them together. */
function tellChains(broken: readonly string[]): 0 | 1 {
  say(`chains in both back ends  ${broken.length === 0 ? '✓' : 'x'}`)
  for (const complaint of broken) say(complaint)
  return broken.length === 0 ? 1 : 0
}

async function main(): Promise<number> {
  install()
  // Packages that rules name are looked for from where the gateway runs.
  process.chdir(folder)
  const ends: (() => unknown)[] = []
  const t = { teardown: (end: () => unknown) => ends.push(end) }
  const late = setTimeout(() => {
    say(`not done after ${limitMs / 1000} s\n0 passed, 1 failed`)
    process.exit(1)
  }, limitMs)
  let calls: Call[]
  let printed: readonly string[]
  let broken: readonly string[]
  let losses: readonly string[]
  try {
    const started = await Promise.all(agents.map(agent => startAgent(t, agent)))
    const gateway = await run(t, rulesFor(started))
    printed = gateway.printed
    losses = judgeLosses(gateway.file)
    calls = await callAll(started, gateway.url)
    broken = await callChains(t)
  } finally {
    // The gateway, started last, hands over all its spans as it ends.
    for (const end of ends.reverse()) await end()
    clearTimeout(late)
  }
  const whole = tell(calls, spansIn(printed))
  const apart = sketchComplaints()
  const examples = await exampleComplaints()
  for (const complaint of [...losses, ...apart, ...examples]) say(complaint)
  // All pairs, what check says of the dialects that the rules bring along, the sketches, the examples, and the chains.
  const rest = [losses, apart, examples].filter(complaints => complaints.length === 0).length
  const passed = whole + rest + tellChains(broken)
  const failed = agents.length ** 2 + 4 - passed
  say(`\n${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  say(`${error instanceof Error ? error.message : error}\n0 passed, 1 failed`)
  process.exitCode = 1
}
