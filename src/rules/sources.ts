// Which texts make up the rules: one file, or the files of a folder in name order. Reads bytes, understands none.
import { join } from 'node:path'
import type { Complaint } from './complaint.ts'
import { complain } from './complaint.ts'
import { codeOf, type Files } from './files.ts'

/** One rule file; `file` is its name as the user gave it. */
export type Source = { readonly file: string; readonly text: string }

/** Rules are written by people; more is a mistake, or an attack on the gateway's memory. */
const sizeLimit = 1024 * 1024

const ruleFile = /^[^.].{0,250}\.ya?ml$/

/** The rule files at `path`. */
export function readSources(
  path: string,
  files: Files
): { sources: readonly Source[]; complaints: readonly Complaint[] } {
  const complaints: Complaint[] = []
  const sources: Source[] = []
  for (const file of filesAt(path, files, complaints)) {
    const text = read(file, files, complaints)
    if (text !== undefined) sources.push({ file, text })
  }
  return { sources, complaints }
}

function filesAt(path: string, { list }: Files, complaints: Complaint[]): readonly string[] {
  try {
    const found = list(path)
    if (found === undefined) return [path]
    // Code unit order, so it does not change with the locale. Names with a dot are Kubernetes' own (`..data`).
    const names = found.filter(name => ruleFile.test(name))
    const files = names.sort().map(name => join(path, name))
    if (files.length === 0) complaints.push(unreadable(path, 'expected .yaml files in this folder'))
    return files
  } catch (error) {
    complaints.push(unreadable(path, `expected a readable file or folder (${codeOf(error)})`))
    return []
  }
}

function read(file: string, files: Files, complaints: Complaint[]): string | undefined {
  try {
    const bytes = files.read(file, sizeLimit)
    if (bytes === undefined) {
      complaints.push(unreadable(file, 'expected at most 1 MiB'))
      return undefined
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    const why = codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'UTF-8 text' : 'a readable file'
    complaints.push(unreadable(file, `expected ${why} (${codeOf(error)})`))
    return undefined
  }
}

function unreadable(file: string, message: string): Complaint {
  return complain({ file, line: 1, column: 1, path: '.' }, message)
}
