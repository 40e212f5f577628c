// From a path to rules in force, or to everything that is wrong with them, all at once.
import { fileURLToPath } from 'node:url'
import { loadAdapters } from './adapters.ts'
import { compile } from './compile.ts'
import { complain, sortComplaints } from './complaint.ts'
import { checkConsistency } from './consistency.ts'
import { decode } from './decode.ts'
import { type Parsed, parseRuleFile } from './document.ts'
import { effectiveOf } from './effective.ts'
import type { Located } from './located.ts'
import { mergeRules } from './merge.ts'
import { applyOverrides, type Overrides } from './overrides.ts'
import type { Env } from './references.ts'
import type { Complaint, Rules } from './rules.ts'
import type { Settings } from './settings.ts'
import { settle } from './settle.ts'
import { readSources } from './sources.ts'
import { loadTls } from './tls-files.ts'

/** Rules that may run. `watch` is every path whose change would change them, right or wrong. */
export type Loaded = { readonly rules: Rules; readonly settings: Settings; readonly watch: readonly string[] }

/** Rules that may not, and why: never empty, in order of place. */
export type Refusal = { readonly complaints: readonly Complaint[]; readonly watch: readonly string[] }

/** What runs when nobody says anything: the same distance from src/rules and dist/rules. */
export const defaultRules = fileURLToPath(new URL('../../rules/default.yaml', import.meta.url))

/** Milliseconds since the process began. */
function elapsed(): number {
  return performance.now()
}

/**
 * Loads the rules at `path`, a file or a folder of them. Without a path it is the one upstream of
 * `overrides.upstream`, or else the default rules of this package. `now` is a clock in milliseconds, from any begin. Reads files, never throws.
 */
export function loadRules(
  path: string | undefined,
  env: Env,
  overrides: Overrides = {},
  now = elapsed
): Loaded | Refusal {
  const from = path ?? (overrides.upstream === undefined ? defaultRules : undefined)
  const { sources, complaints: unread } =
    from === undefined ? { sources: [], complaints: [] } : readSources(from)
  const parsed = sources.map(({ file, text }) => parseRuleFile(text, file, file, env))
  const watch = [...(from === undefined ? [] : [from]), ...new Set(parsed.flatMap(({ files }) => files))]
  const files = sources.map(({ file }) => file)
  const refuse = (complaints: readonly Complaint[]): Refusal => ({
    complaints: sortComplaints(complaints, files),
    watch
  })

  const complaints = [...unread, ...parsed.flatMap(each => each.complaints)]
  // Half of a file proves nothing about the other half.
  if (unread.length > 0 || parsed.some(each => !each.readable)) return refuse(complaints)
  const root = applyOverrides(merged(parsed, complaints), overrides)
  if (root === undefined) return refuse([...complaints, empty(from)])

  const { adapters, complaints: unloaded } = loadAdapters(root)
  const { tls, complaints: unlistened, files: certificates } = loadTls(root)
  watch.push(...certificates)
  complaints.push(...checkConsistency(root, adapters), ...unloaded, ...unlistened)
  const result = decode(root)
  if ('complaints' in result) return refuse([...complaints, ...result.complaints])
  if (complaints.length > 0) return refuse(complaints)
  const settings = settle(result.decoded, env)
  return { rules: compile(settings, effectiveOf(settings, root), now, adapters, tls), settings, watch }
}

function merged(parsed: readonly Parsed[], complaints: Complaint[]): Located | undefined {
  return mergeRules(
    parsed.flatMap(({ root }) => root ?? []),
    complaints
  )
}

function empty(path: string | undefined): Complaint {
  return complain({ file: path ?? '', line: 1, column: 1, path: '.' }, 'expected rules: upstreams and routes')
}
