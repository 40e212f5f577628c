// What every request has to pass, whatever its route: valid, no loop, and meant as it says. Touches no stream.
import { readingsOf } from '../route/readings.ts'
import type { Front, Route } from '../rules/rules.ts'
import { type Failure, failures } from './failure.ts'
import { fieldOf, type RawFields } from './fields.ts'
import type { RequestTarget } from './target.ts'
import { faultOf, type Head } from './validity.ts'
import { isLoop } from './via.ts'

/** Why a request is refused before a route is looked for. */
export function refusalOf(head: Head, front: Front): Failure | undefined {
  return faultOf(head) ?? ruleFault(head.rawHeaders, front)
}

function ruleFault(fields: RawFields, { pseudonym, underscores }: Front): Failure | undefined {
  if (isLoop(fieldOf(fields, 'via'), pseudonym)) return failures.loopDetected
  if (underscores !== 'reject') return undefined
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] ?? '').includes('_')) return failures.ambiguousRequest
  }
  return undefined
}

/** Whether another server could read the path so that it is no more this route's. */
export function isAmbiguous(front: Front, route: Route, target: RequestTarget): boolean {
  if (route.paths === 'raw') return false
  const readings = readingsOf(target.path)
  if (readings === undefined) return true
  return readings.some(path => front.findRead({ ...target, path }) !== route)
}

/** Max-Forwards as it goes on, of OPTIONS alone. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.2 */
export function countHop(method: string, fields: string[]): string[] {
  if (method !== 'OPTIONS') return fields
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'max-forwards') fields[i + 1] = String(Number(fields[i + 1]) - 1)
  }
  return fields
}
