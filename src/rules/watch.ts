// Says when rule files change: editors' saves by rename, ConfigMap symlink swaps, network file systems without events.
// Watches and hashes bytes; must not load or judge them.
// https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
import { createHash } from 'node:crypto'
import { type FSWatcher, readdirSync, realpathSync, statSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { readRegular } from './files.ts'

export type RulesWatch = { readonly close: () => void }

/** A write is often several events; a file half written should not be read. */
const settleMs = 50
/** Catches what the file system does not tell. */
const pollMs = 500

/** Calls `onChange` after the bytes at `paths` (files, or folders of rule files) are no longer what they were. */
export function watchRules(paths: readonly string[], onChange: () => void): RulesWatch {
  let known = fingerprint(paths)
  let timer: NodeJS.Timeout | undefined
  const watchers = foldersOf(paths).flatMap(folder => watchFolder(folder, soon) ?? [])
  const poll = setInterval(look, pollMs)
  // A gateway that is done must not be held up by its watch.
  poll.unref()

  function soon(): void {
    // Not begun anew by each event: a log that is written beside the rules would put it off for good.
    timer ??= setTimeout(look, settleMs).unref()
  }

  function look(): void {
    timer = undefined
    const now = fingerprint(paths)
    if (now === known) return
    known = now
    onChange()
  }

  return {
    close() {
      clearInterval(poll)
      clearTimeout(timer)
      for (const each of watchers) each.close()
    }
  }
}

/** Folders, not files: a file that is replaced by rename takes its watch with it into the grave. */
function foldersOf(paths: readonly string[]): readonly string[] {
  return [
    ...new Set(paths.flatMap(path => [dirname(path), dirname(real(path)), ...(isFolder(path) ? [path] : [])]))
  ]
}

function watchFolder(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent)
    // The folder itself is gone, or events ran over: the poll goes on.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

function fingerprint(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths.flatMap(filesAt)) {
    const bytes = contents(path)
    hash.update(`${path}\0${bytes?.length ?? 'none'}\0`)
    if (bytes !== undefined) hash.update(bytes)
  }
  return hash.digest('hex')
}

function filesAt(path: string): readonly string[] {
  try {
    if (!isFolder(path)) return [path]
    const names = readdirSync(path).filter(name => !name.startsWith('.') && /\.ya?ml$/.test(name))
    return names.sort().map(name => join(path, name))
  } catch {
    return [path]
  }
}

/** No file that rules are made of may be larger. */
const most = 1024 * 1024

function contents(path: string): Buffer | undefined {
  try {
    return readRegular(path, most)
  } catch {
    return undefined
  }
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
