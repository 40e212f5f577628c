// Fills in what rules leave out about how long an upstream may take, and shows it to people again.

import type { DecodedRoute } from './shape.ts'
import type { Shown } from './shown.ts'
import type { Timeouts } from './upstream.ts'
import { formatDuration } from './values.ts'

const byDefault: Timeouts = { connect: 5_000, firstByte: 60_000, idle: 300_000, upgradeIdle: 3_600_000 }

type DecodedTimeouts = { connect?: number | undefined } & NonNullable<DecodedRoute['timeouts']>

export function settleTimeouts(given: DecodedTimeouts | undefined, otherwise = byDefault): Timeouts {
  return {
    connect: given?.connect ?? otherwise.connect,
    firstByte: given?.['first-byte'] ?? otherwise.firstByte,
    idle: given?.idle ?? otherwise.idle,
    upgradeIdle: given?.['upgrade-idle'] ?? otherwise.upgradeIdle
  }
}

export function showTimeouts({ connect, firstByte, idle, upgradeIdle }: Timeouts): Shown {
  return {
    connect: formatDuration(connect),
    'first-byte': formatDuration(firstByte),
    idle: formatDuration(idle),
    'upgrade-idle': formatDuration(upgradeIdle)
  }
}
