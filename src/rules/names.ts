// What rules give names to: services, routes, upstreams, tags, dialects, packages, files. Text to name or undefined.

// What people read in metrics, logs and span attributes: anything on one line.
const textPattern = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,256}$/u

/** The name of a service or route, a version, a tag. */
export function parseText(text: string): string | undefined {
  return textPattern.test(text) && text === text.trim() ? text : undefined
}

// As long as paths get: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/limits.h.html (PATH_MAX)
const pathPattern = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,4096}$/u

/** The path of a file. */
export function parsePath(text: string): string | undefined {
  return pathPattern.test(text) ? text : undefined
}

const upstreamPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$/

/** The name of an upstream: it is a key in rules and a label in metrics. */
export function parseUpstreamName(text: string): string | undefined {
  return upstreamPattern.test(text) ? text : undefined
}

// They are labels in metrics, joined by `+` there.
const dialectPattern = /^[a-z][a-z0-9-]{0,30}$/

/** The name of a dialect that rules bring along. */
export function parseDialectName(text: string): string | undefined {
  return dialectPattern.test(text) && text !== 'none' && text !== 'other' ? text : undefined
}

// https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name; no path, no URL
const packagePattern = /^(?=.{1,214}$)(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/

/** The name of an npm package. */
export function parsePackage(text: string): string | undefined {
  return packagePattern.test(text) ? text : undefined
}

const exportPattern = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/

/** What a package exports. */
export function parseExport(text: string): string | undefined {
  return exportPattern.test(text) ? text : undefined
}

// As selectors of `gate` take it; and what is left of it, with _ for . and -, is the name of a label.
const tagNamePattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/

/** Labels that metrics have besides. */
const takenLabels: ReadonlySet<string> = new Set([
  'route',
  'method',
  'status',
  'grpc_status',
  'upstream',
  'le',
  'job',
  'instance'
])

/** The name of a tag that metrics have a label for. */
export function parseTagName(text: string): string | undefined {
  const taken = takenLabels.has(labelOf(text)) || text.startsWith('__')
  return tagNamePattern.test(text) && !taken ? text : undefined
}

/** What metrics call the label of a tag. https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
export function labelOf(tag: string): string {
  return tag.replace(/[^A-Za-z0-9_]/g, '_')
}
