// Log formats by the names that --format says.
import type { LogFormat } from './format.ts'
import * as registered from './index.ts'

export const logFormats: ReadonlyMap<string, LogFormat> = new Map(
  Object.values(registered).map(format => [format.name, format])
)
