// The access log through reloads: rules may send it elsewhere, and what was lost on the way there stays counted.
import type { Refusal } from '../proxy/gateway.ts'
import { accessLine, hasLine, refusalLine } from '../report/access-line.ts'
import type { Late } from '../report/late.ts'
import { createLines } from '../report/lines.ts'
import type { Log } from '../report/log.ts'
import type { Outcome } from '../report/outcome.ts'
import type { AccessLogSettings } from '../rules/rules.ts'

export type AccessLog = {
  /** A finished request has a line, where the rules say so. */
  readonly request: (outcome: Outcome, late: Late | undefined) => void
  /** So have bytes that were no request. */
  readonly refused: (refusal: Refusal) => void
  /** Lines that had no room, or nowhere to go. */
  readonly lost: () => number
  readonly reload: (settings: AccessLogSettings) => void
  /** Opens a file anew, after it was rotated. */
  readonly reopen: () => void
  readonly close: () => Promise<void>
}

/** `shared` with other processes that write to the same. */
export function createAccessLog(first: AccessLogSettings, log: Log, shared: boolean): AccessLog {
  let settings = first
  let lines = createLines(first.to, log, shared)
  let lost = 0
  return {
    request: (outcome, late) => {
      if (hasLine(outcome, settings, late)) lines.write(`${accessLine(outcome, late)}\n`)
    },
    refused: ({ at, client, failure }) => {
      if (settings.to !== 'none') lines.write(`${refusalLine(at, client, failure.status, failure.code)}\n`)
    },
    lost: () => lost + lines.counts().lost,
    reload: next => {
      const before = settings
      settings = next
      if (before.to === next.to) return
      lost += lines.counts().lost
      void lines.close()
      lines = createLines(next.to, log, shared)
    },
    reopen: () => lines.reopen(),
    close: () => lines.close()
  }
}
