// What rules about captured requests do that their author may not expect.
import type { Settings } from './settings.ts'
import { secretsAmong } from './settle-capture.ts'

export function captureWarnings({ capture, routes, trust }: Settings): readonly string[] {
  const capturing = routes.filter(route => route.capture !== undefined)
  if (capturing.length === 0) return capture === undefined ? [] : ['capture: no route captures anything']
  const named = new Set(capturing.flatMap(route => route.capture?.headers ?? []))
  const hidden = secretsAmong([...named], trust)
  const mute = capturing.filter(({ spans }) => spans === 'none').map(({ name }) => name)
  return [
    ...(mute.length > 0
      ? [
          `capture: only requests whose spans are kept are captured, and ${mute.slice(0, 3).join(', ')} ${mute.length === 1 ? 'reports' : 'report'} none`
        ]
      : []),
    ...(hidden.length > 0 ? [`capture.headers: of ${hidden.join(', ')} only REDACTED is ever kept`] : [])
  ]
}
