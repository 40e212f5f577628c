// Captured requests, the newest few: bounded by number, by bytes, and by how many are made in a time. They live on when
// rules are loaded again. Must not know how a capture is made.
import { type Capture, type CapturedBody, type CapturedMessage, captureOf } from './capture.ts'
import type { Outcome } from './outcome.ts'
import { createCounter, createReading, type Family } from './series.ts'

export type Captures = {
  /** Keeps a request that failed or was slow, where its route asks for it. */
  readonly request: (outcome: Outcome) => void
  /** Newest first. */
  readonly all: () => readonly Capture[]
  readonly families: readonly Family[]
}

/** `keep` is how many; `take` asks for each whether there is time for one more. */
export type CaptureLimits = { readonly keep: number; readonly take: () => boolean }

const mostBytes = 4 * 1024 * 1024
/** What a capture costs beside its texts, roughly. */
const overhead = 1024

/** `limits` are those in force. */
export function createCaptures(limits: () => CaptureLimits): Captures {
  /** Oldest first. */
  const held: { readonly capture: Capture; readonly bytes: number }[] = []
  let bytes = 0
  const made = createCounter(
    'tracebridge_captures',
    'Failed and slow requests of routes that capture: kept for replay, or over_budget, beyond ten a second.',
    ['outcome']
  )
  const evicted = createCounter(
    'tracebridge_captures_evicted',
    'Captured requests that were let go for newer ones: for their number, or for their bytes.',
    ['reason']
  )

  function add(capture: Capture, keep: number): void {
    held.push({ capture, bytes: sizeOf(capture) })
    bytes += held.at(-1)?.bytes ?? 0
    while (held.length > keep || bytes > mostBytes) {
      evicted.add([held.length > keep ? 'number' : 'bytes'])
      bytes -= held.shift()?.bytes ?? 0
    }
  }

  return {
    request: outcome => {
      if (outcome.evidence === undefined) return
      const { keep, take } = limits()
      if (!take()) return made.add(['over_budget'])
      const capture = captureOf(outcome)
      if (capture === undefined) return
      made.add(['kept'])
      add(capture, keep)
    },
    all: () => held.map(({ capture }) => capture).reverse(),
    families: [
      made,
      evicted,
      createReading(
        'gauge',
        'tracebridge_captures_held',
        'Captured requests that can be replayed.',
        [],
        () => [[[], held.length]]
      ),
      createReading(
        'gauge',
        'tracebridge_captures_held_bytes',
        'Memory of captured requests, roughly.',
        [],
        () => [[[], bytes]]
      )
    ]
  }
}

function sizeOf({ request, response, path, query, host }: Capture): number {
  return (
    overhead + path.length + query.length + host.length + sizeOfMessage(request) + sizeOfMessage(response)
  )
}

function sizeOfMessage({ headers, body }: CapturedMessage): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0) + sizeOfBody(body)
}

function sizeOfBody(body: CapturedBody | undefined): number {
  return (body?.text ?? body?.base64 ?? '').length
}
