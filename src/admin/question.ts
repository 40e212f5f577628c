// Reads the body of POST /translate. Bytes from a caller: what is wrong with them is a value.
import * as v from 'valibot'
import type { Question } from '../translate/translate.ts'

const shape = v.strictObject({
  method: v.optional(v.string(), 'GET'),
  path: v.optional(v.pipe(v.string(), v.startsWith('/')), '/'),
  host: v.optional(v.string()),
  from: v.optional(v.pipe(v.string(), v.ip()), '127.0.0.1'),
  headers: v.optional(
    v.union([v.array(v.tuple([v.string(), v.string()])), v.record(v.string(), v.string())]),
    []
  )
})

/** The question, or why the text is none. */
export function questionOf(text: string): { readonly question: Question } | { readonly problem: string } {
  let json: unknown
  try {
    json = JSON.parse(text === '' ? '{}' : text)
  } catch {
    return { problem: 'the body is not JSON' }
  }
  // An array is an object to valibot, and one without any key is whole.
  const result = v.safeParse(shape, Array.isArray(json) ? undefined : json)
  if (!result.success) {
    const [issue] = result.issues
    const path = v.getDotPath(issue) ?? 'the body'
    if (issue.expected === 'never') {
      return { problem: `${path}: unknown key, expected one of ${Object.keys(shape.entries).join(', ')}` }
    }
    if (path.startsWith('headers')) {
      return { problem: 'headers: expected {"name": "value"} or [["name", "value"]]' }
    }
    return { problem: `${path}: expected ${issue.expected ?? 'another value'}` }
  }
  const { method, path, host, from, headers } = result.output
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers)
  return { question: { method, path, host, from, headers: pairs } }
}
