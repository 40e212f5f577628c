// Asks a target again and again whether it is well. Must not decide who serves (balance.ts).
import type { Client } from 'undici'
import type { HealthCheck } from '../rules/upstream.ts'
import type { Connector } from './connect.ts'
import { openClient } from './undici.ts'

export type Health = {
  readonly isWell: () => boolean
  readonly close: () => void
}

export type HealthOptions = {
  readonly check: HealthCheck
  readonly origin: string
  readonly connect: Connector
  /** Called when it is another than before. */
  readonly changed: (well: boolean) => void
}

/** Begins at once; until it is found unwell, a target is well. */
export function watchHealth({ check, origin, connect, changed }: HealthOptions): Health {
  // A connection for each question: a target that takes no new ones is not well, whatever those it has still do.
  const client = openClient(origin, { allowH2: false, connect })
  let well = true
  /** Answers in a row that say otherwise. */
  let contrary = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false

  async function look(): Promise<void> {
    const answered = await ask(client, check)
    if (closed) return
    contrary = answered === well ? 0 : contrary + 1
    if (contrary >= (well ? check.unhealthy : check.healthy)) {
      well = answered
      contrary = 0
      changed(well)
    }
    timer = setTimeout(look, check.everyMs).unref()
  }

  void look()
  return {
    isWell: () => well,
    close: () => {
      closed = true
      clearTimeout(timer)
      void client.destroy()
    }
  }
}

async function ask(client: Client, { path, timeoutMs }: HealthCheck): Promise<boolean> {
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path,
      headers: { 'User-Agent': 'tracebridge-health' },
      reset: true,
      signal: AbortSignal.timeout(timeoutMs)
    })
    body.on('error', () => {}).destroy()
    return statusCode >= 200 && statusCode < 400
  } catch {
    return false
  }
}
