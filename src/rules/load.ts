// From a path to rules in force, or to everything that is wrong with them, all at once.
import { fileURLToPath } from 'node:url'
import { home } from '../home.ts'
import { loadAdapters } from './adapters.ts'
import { compile } from './compile.ts'
import type { Complaint } from './complaint.ts'
import { complain, sortComplaints } from './complaint.ts'
import { checkConsistency } from './consistency.ts'
import { decode } from './decode.ts'
import { type Parsed, parseRuleFile } from './document.ts'
import { effectiveOf } from './effective.ts'
import { disk, type Files } from './files.ts'
import type { Located } from './located.ts'
import { mergeRules } from './merge.ts'
import { applyOverrides, type Overrides } from './overrides.ts'
import type { Env } from './references.ts'
import type { Rules } from './rules.ts'
import type { Settings } from './settings.ts'
import { settle } from './settle.ts'
import { shareOf } from './share.ts'
import { readSources } from './sources.ts'
import { loadTls } from './tls-files.ts'
import { loadUpstreamTls } from './upstream-tls.ts'

/** Rules that may run. `watch` is every path whose change would change them, right or wrong. */
export type Loaded = { readonly rules: Rules; readonly settings: Settings; readonly watch: readonly string[] }

/** Rules that may not, and why: never empty, in order of place. */
export type Refusal = { readonly complaints: readonly Complaint[]; readonly watch: readonly string[] }

/** Where the rules are read from, and for how many workers, each of which gets its part of what is to be shared. */
export type Reading = { readonly from: Files; readonly workers: number }

const alone: Reading = { from: disk, workers: 1 }

/** What runs when nobody says anything. */
export const defaultRules = fileURLToPath(new URL('rules/default.yaml', home))

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
  now = elapsed,
  { from: read, workers }: Reading = alone
): Loaded | Refusal {
  const from = path ?? (overrides.upstream === undefined ? defaultRules : undefined)
  const { sources, complaints: unread } =
    from === undefined ? { sources: [], complaints: [] } : readSources(from, read)
  const parsed = sources.map(({ file, text }) => parseRuleFile(text, file, file, env, read))
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
  const { tls, complaints: unlistened, files: certificates } = loadTls(root, read)
  const upstreamTls = loadUpstreamTls(root, read)
  watch.push(...certificates, ...upstreamTls.files.filter(file => !certificates.includes(file)))
  complaints.push(...checkConsistency(root, adapters), ...unloaded, ...unlistened, ...upstreamTls.complaints)
  const result = decode(root)
  if ('complaints' in result) return refuse([...complaints, ...result.complaints])
  if (complaints.length > 0) return refuse(complaints)
  const settings = settle(result.decoded, env)
  return {
    rules: compile(
      shareOf(settings, workers),
      effectiveOf(settings, root),
      now,
      adapters,
      tls,
      upstreamTls.tls
    ),
    settings,
    watch
  }
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
