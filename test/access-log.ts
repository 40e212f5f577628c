// The access log of a gateway under test: a file of its own, read line by line.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from './running.ts'
import { until } from './until.ts'

export type Entry = Readonly<Record<string, unknown>>

export type AccessLog = {
  /** Belongs into the rules. */
  readonly rule: string
  readonly entries: () => readonly Entry[]
  /** The first line about this path; rejects when none comes. */
  readonly entry: (path: string) => Promise<Entry>
}

export function createAccessLog(t: Teardown): AccessLog {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-log-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'access.log')
  const entries = (): readonly Entry[] => {
    const lines = read(file).split('\n')
    // The last one ends without a line end while it is being written.
    return lines.slice(0, -1).map((line): Entry => JSON.parse(line))
  }
  return {
    rule: `access-log: { to: ${JSON.stringify(file)} }\n`,
    entries,
    entry: async path => {
      const find = () => entries().find(entry => entry['path'] === path)
      await until(() => find() !== undefined, `a line about ${path}`)
      return find() ?? {}
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
