// The agents, each in a process of its own: which dialects it reads, and how it is started and asked.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Teardown } from '../running.ts'

export type Agent = {
  readonly name: string
  /** In the folder `agents`, without its ending. */
  readonly file: string
  readonly variant: string | undefined
  /** What the gateway sends to it: what it reads. */
  readonly emit: readonly string[]
  /** Digits of the trace ids that it makes. */
  readonly digits: 16 | 32
  /** It can tell a trace id of 64 bits from one of 128. */
  readonly width: boolean
  /** Of a trace id that comes to it, the second half is all that its wire carries. */
  readonly narrow: boolean
}

function agent(name: string, file: string, variant: string | undefined, emit: readonly string[]): Agent {
  return { name, file, variant, emit, digits: 32, width: false, narrow: false }
}

export const agents: readonly Agent[] = [
  agent('otel-w3c', 'opentelemetry', 'w3c', ['w3c']),
  agent('otel-b3', 'opentelemetry', 'b3', ['b3']),
  agent('otel-b3multi', 'opentelemetry', 'b3multi', ['b3multi']),
  agent('otel-jaeger', 'opentelemetry', 'jaeger', ['jaeger']),
  { ...agent('zipkin', 'zipkin', '128', ['b3multi']), width: true },
  { ...agent('zipkin-64', 'zipkin', '64', ['b3multi']), width: true, digits: 16 },
  { ...agent('jaeger', 'jaeger', '128', ['jaeger']), width: true },
  { ...agent('jaeger-64', 'jaeger', '64', ['jaeger']), width: true, digits: 16 },
  { ...agent('jaeger-short', 'jaeger', 'short', ['jaeger']), width: true, digits: 16 },
  agent('skywalking', 'skywalking', undefined, ['sw8']),
  // By default it reads and writes both.
  agent('datadog', 'datadog', undefined, ['datadog', 'w3c']),
  agent('datadog-only', 'datadog', 'datadog', ['datadog']),
  agent('xray', 'xray', undefined, ['xray']),
  { ...agent('brought-ot', 'opentelemetry', 'ot', ['brought-ot']), digits: 16, narrow: true },
  agent('brought-instana', 'opentelemetry', 'instana', ['brought-instana']),
  agent('brought-b3', 'opentelemetry', 'b3multi', ['brought-b3'])
]

export type Started = { readonly agent: Agent; readonly url: string }

/** Starts one and waits until it listens; rejects with what it said when it ends instead. */
export async function startAgent(t: Teardown, of: Agent): Promise<Started> {
  return { agent: of, url: await startProcess(t, of.file, of.variant === undefined ? [] : [of.variant]) }
}

/** The same for any file of the folder `agents`; gives where it listens. */
export async function startProcess(t: Teardown, file: string, args: readonly string[]): Promise<string> {
  const path = fileURLToPath(new URL(`agents/${file}.js`, import.meta.url))
  const child = fork(path, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  t.teardown(() => end(child))
  let said = ''
  child.stderr?.on('data', chunk => {
    said = `${said}${chunk}`.slice(-4096)
  })
  const stop = new AbortController()
  try {
    const port = await Promise.race([
      once(child, 'message', { signal: stop.signal }).then(([message]) => Number(message.port)),
      once(child, 'exit', { signal: stop.signal }).then(([code]) => {
        throw new Error(`${[file, ...args].join(' ')} ended with ${code}: ${said}`)
      })
    ])
    return `http://127.0.0.1:${port}`
  } finally {
    stop.abort()
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
