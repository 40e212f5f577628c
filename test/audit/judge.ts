// What an answer of `npm audit --json` comes to. Pure.

export type Verdict = { readonly ok: boolean; readonly said: readonly string[] }

/** That nothing is known is said, and no reason to stop; that something was asked and not answered is one. */
const noAudit: ReadonlySet<unknown> = new Set([404, 405, 410, 501])

const stopping: ReadonlySet<unknown> = new Set(['high', 'critical'])

/** `report` is whatever came: findings, an error of the registry, or nothing that makes sense. */
export function judgeAudit(report: unknown): Verdict {
  const status = at(report, 'statusCode')
  if (noAudit.has(status))
    return { ok: true, said: [`the registry has no audit (${status}): nothing is known`] }
  const found = at(report, 'vulnerabilities')
  if (typeof found !== 'object' || found === null || at(report, 'metadata') === undefined)
    return {
      ok: false,
      said: [`no audit: ${text(at(report, 'message') ?? at(at(report, 'error'), 'summary'))}`]
    }
  const all = Object.entries(found)
  const severe = all.filter(([, finding]) => stopping.has(at(finding, 'severity')))
  const lines = all.map(([name, finding]) => `${text(at(finding, 'severity'))}: ${name}`)
  return {
    ok: severe.length === 0,
    said: [...lines, `${all.length} found, ${severe.length} of them high or critical`]
  }
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : 'it does not say'
}
