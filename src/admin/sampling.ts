// GET, PUT and DELETE /sampling: how sampling stands, and other rates for a while. Must not read bodies itself.
import type { Log } from '../report/log.ts'
import type { Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import { type Handler, json, queryOf } from './answer.ts'
import { overrideOf, samplingInForce } from './override.ts'

/** By method. */
export function samplingCalls(
  rules: () => Rules,
  timed: Timed,
  log: Log
): { readonly get: Handler; readonly put: Handler; readonly end: Handler } {
  const stands = (more: { readonly id?: string } = {}) =>
    json(200, { ...more, ...samplingInForce(rules(), timed) })
  return {
    get: () => stands(),
    put: (_, body) => {
      const asked = overrideOf(body, rules())
      if ('complaints' in asked) return json(400, { error: 'the override is refused', ...asked })
      const id = timed.put(asked.rule)
      if (id === undefined) return json(409, { error: 'too many overrides are in force' })
      log.warn('sampling is overridden for a while', { id, seconds: asked.rule.forMs / 1000 })
      return stands({ id })
    },
    end: request => {
      const id = queryOf(request).get('id')
      const ended = timed.end(id ?? undefined)
      if (id !== null && ended === 0) return json(404, { error: 'no override of this id is in force' })
      if (ended > 0) log.info('overrides of sampling were ended', { ended })
      return stands()
    }
  }
}

/** The rules as /config shows them: with how sampling stands now. */
export function configOf(rules: Rules, timed: Timed): Readonly<Record<string, unknown>> {
  const sampling = rules.effective['sampling']
  if (typeof sampling !== 'object') return rules.effective
  return { ...rules.effective, sampling: { ...sampling, 'in-force': samplingInForce(rules, timed) } }
}
