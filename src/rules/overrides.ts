// The flags of serve as rules: they win over what the files say.
import { child, type Located, type LocatedEntry, type Place } from './located.ts'

/** As given on the command line. */
export type Overrides = {
  readonly listen?: string | undefined
  readonly admin?: string | undefined
  readonly upstream?: string | undefined
  readonly workers?: string | undefined
}

type Written = string | readonly Written[] | { readonly [key: string]: Written }

function locate(value: Written, place: Place): Located {
  if (typeof value === 'string') return { kind: 'scalar', place, value, written: undefined, broken: false }
  if (isList(value)) return { kind: 'list', place, items: value.map(item => locate(item, place)) }
  const entries = Object.entries(value).map(
    ([key, each]) => [key, { key: place, value: locate(each, place) }] as const
  )
  return { kind: 'map', place, entries: new Map(entries) }
}

function isList(value: Written): value is readonly Written[] {
  return Array.isArray(value)
}

function given(flag: string, key: string, value: Written): readonly [string, LocatedEntry] {
  const place = { file: flag, line: 0, column: 0, path: `.${key}` }
  return [key, { key: place, value: locate(value, place) }]
}

/** Only the address is another: who set up TLS does not mean plain text. */
function withTls(
  [key, entry]: readonly [string, LocatedEntry],
  entries: ReadonlyMap<string, LocatedEntry>
): readonly [string, LocatedEntry] {
  const tls = child(child(entries.get('listen')?.value, 0), 'tls')
  const item = child(entry.value, 0)
  if (tls === undefined || item?.kind !== 'map') return [key, entry]
  const listener = {
    ...item,
    entries: new Map([...item.entries, ['tls', { key: tls.place, value: tls }]])
  } as const
  return [key, { ...entry, value: { kind: 'list', place: entry.key, items: [listener] } }]
}

/** `--upstream` is a whole gateway: it puts one upstream and one catch-all route in place of the files' own. */
export function applyOverrides(root: Located | undefined, overrides: Overrides): Located | undefined {
  const { listen, admin, upstream, workers } = overrides
  const entries = new Map(root?.kind === 'map' ? root.entries : [])
  const put = ([key, entry]: readonly [string, LocatedEntry]) => entries.set(key, entry)
  if (listen !== undefined) put(withTls(given('--listen', 'listen', [{ address: listen }]), entries))
  if (workers !== undefined) put(given('--workers', 'workers', workers))
  if (upstream !== undefined) {
    put(given('--upstream', 'upstreams', { upstream: { targets: [{ url: upstream }] } }))
    put(given('--upstream', 'routes', [{ match: { path: '/**' }, upstream: 'upstream' }]))
  }
  if (admin !== undefined) {
    // Only the address: a token in the file goes on guarding the listener.
    const before = entries.get('admin')?.value
    const [key, entry] = given('--admin', 'admin', { address: admin })
    const kept = before?.kind === 'map' ? before.entries : new Map<string, LocatedEntry>()
    const now = entry.value.kind === 'map' ? entry.value.entries : new Map<string, LocatedEntry>()
    put([
      key,
      { key: entry.key, value: { kind: 'map', place: entry.key, entries: new Map([...kept, ...now]) } }
    ])
  }
  if (entries.size === 0 || (root !== undefined && root.kind !== 'map')) return root
  return { kind: 'map', place: root?.place ?? { file: '--upstream', line: 0, column: 0, path: '.' }, entries }
}
