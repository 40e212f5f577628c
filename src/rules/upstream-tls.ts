// Reads the certificates and keys that upstreams name, and says what is wrong with them. Must not connect
// (proxy/connect.ts), and never shows what is in a file.
import { createHash } from 'node:crypto'
import type { Complaint } from './complaint.ts'
import { complain } from './complaint.ts'
import type { Files } from './files.ts'
import { child, entriesOf, type Located, textOf } from './located.ts'
import { createPemReader, loadAuthorities, loadPair, type Read } from './tls-files.ts'
import type { UpstreamTls } from './upstream.ts'

/** What `upstreams` name. */
export type UpstreamTlsFiles = {
  /** By the name of the upstream; without those that are complained of, and those that say nothing of TLS. */
  readonly tls: ReadonlyMap<string, UpstreamTls>
  readonly complaints: readonly Complaint[]
  /** Absolute paths: when one changes, so do the rules. */
  readonly files: readonly string[]
}

/** Reads what `upstreams` name. What has not its shape is left to who complains of shapes. Never throws. */
export function loadUpstreamTls(root: Located, from: Files): UpstreamTlsFiles {
  const complaints: Complaint[] = []
  const files = new Set<string>()
  const read = createPemReader(from, files, complaints)
  const tls = new Map<string, UpstreamTls>()
  for (const [name, { value }] of entriesOf(child(root, 'upstreams'))) {
    const node = child(value, 'tls')
    if (node === undefined) continue
    checkTargets(value, node, complaints)
    const loaded = loadOne(node, read, complaints)
    if (loaded !== undefined) tls.set(name, loaded)
  }
  return { tls, complaints, files: [...files] }
}

/** To a target in plain text no certificate says anything: whoever writes both believes it is encrypted. */
function checkTargets(upstream: Located, tls: Located, complaints: Complaint[]): void {
  const targets = child(upstream, 'targets')
  const urls = targets?.kind === 'list' ? targets.items.map(each => textOf(child(each, 'url'))) : []
  if (urls.every(url => url?.startsWith('https:') !== false) && targets !== undefined) return
  complaints.push(complain(tls.place, 'expected tls only where every target is an https:// one'))
}

function loadOne(node: Located, read: Read, complaints: Complaint[]): UpstreamTls | undefined {
  const caNode = child(node, 'ca')
  const ca = caNode && loadAuthorities(caNode, read(caNode), complaints)
  const shows = child(node, 'cert') !== undefined || child(node, 'key') !== undefined
  const pair = shows ? loadPair(node, undefined, read, complaints) : undefined
  if ((caNode !== undefined && ca === undefined) || (shows && pair === undefined)) return undefined
  const verify = child(node, 'verify')
  const rejectUnauthorized = !(verify?.kind === 'scalar' && verify.value === false)
  const serverName = textOf(child(node, 'server-name'))?.toLowerCase()
  const options = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
    ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key })
  } as const
  const identity = createHash('sha256')
    .update(JSON.stringify([options, serverName ?? null]))
    .digest('hex')
  return { options, serverName, identity }
}
