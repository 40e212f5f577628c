// What Datadog keeps of a trace beside its ids: priority, origin, last span and propagated tags. Read from and written
// to x-datadog-tags and the member `dd` of tracestate; the headers that hold one number are the dialect's.
import type { Residue, Sampling, TraceContext } from './context.ts'
import { trimOws } from './ows.ts'

/** Where the residue of a context keeps each. */
export const datadogKeys = {
  /** `-1` or `2`, a person's own word on sampling. */
  priority: 'datadog.priority',
  /** Which product began the trace. */
  origin: 'datadog.origin',
  /** The last span of Datadog's own: 16 lower-case hex digits. */
  parent: 'datadog.parent',
  /** `_dd.p.{key}={value}`, joined by commas, less the half of the trace id. */
  tags: 'datadog.tags',
  /** The member `dd` as it came. */
  state: 'datadog.state'
} as const

// https://www.w3.org/TR/trace-context-2/#value
const maxState = 256

const prefix = '_dd.p.'
const highHalfTag = '_dd.p.tid'
// https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/
const highHalfPattern = /^[0-9a-f]{16}$/
// ASCII without the signs that separate: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 is what else may be sent.
const tagKeyPattern = /^_dd\.p\.[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/
const valuePattern = /^[\x20-\x2b\x2d-\x7e]{1,512}$/
const originPattern = /^[\x20-\x2b\x2d-\x7e]{1,128}$/
const numberPattern = /^-?[0-9]{1,9}$/
const spanIdPattern = /^[0-9a-f]{16}$/
// In `dd` a colon ends a key, a semicolon a value, and `~` stands for the equals sign.
// https://www.w3.org/TR/trace-context-2/#value
const foreignToKey = /[^\x21-\x2b\x2d-\x39\x3c\x3e-\x7e]/g
const foreignToValue = /[^\x20-\x2b\x2d-\x3a\x3c-\x7d]/g

/** The priority to send for a wish, of which `said` may be a stronger form; undefined where it is open. */
export function priorityFor(sampling: Sampling, said: string | undefined): string | undefined {
  if (sampling === 'defer') return undefined
  if (sampling === 'debug') return '2'
  if (sampling === 'keep') return said === '2' ? said : '1'
  return said === '-1' ? said : '0'
}

/** An origin that may go on; undefined when this is none. */
export function originOf(text: string): string | undefined {
  return originPattern.test(text) ? text : undefined
}

function tagOf(key: string, value: string): string | undefined {
  return key !== highHalfTag && tagKeyPattern.test(key) && valuePattern.test(value)
    ? `${key}=${value}`
    : undefined
}

export type DatadogTags = {
  /** The high half of the trace id, 16 lower-case hex digits; undefined when it is not told well. */
  readonly highHalf: string | undefined
  /** All else that is propagated, '' for nothing. */
  readonly tags: string
}

/** Reads x-datadog-tags, whose length the caller has bounded. The first of a repeated key counts. */
export function readTags(list: string): DatadogTags {
  let highHalf: string | undefined
  const tags: string[] = []
  const keys = new Set<string>()
  for (const piece of list.split(',')) {
    const equals = piece.indexOf('=')
    if (equals === -1) continue
    const key = trimOws(piece, 0, equals)
    const value = trimOws(piece, equals + 1)
    if (keys.has(key)) continue
    keys.add(key)
    if (key === highHalfTag) highHalf = highHalfPattern.test(value) ? value : undefined
    const tag = tagOf(key, value)
    if (tag !== undefined) tags.push(tag)
  }
  return { highHalf, tags: tags.join(',') }
}

/** x-datadog-tags, '' for none: what is longer than its tracers read is left out, but never half of the trace id. */
export function writeTags(highHalf: string | undefined, tags: string | undefined, maxLength: number): string {
  const own = highHalf === undefined ? '' : `${highHalfTag}=${highHalf}`
  if (tags === undefined) return own
  const all = own === '' ? tags : `${own},${tags}`
  return all.length <= maxLength ? all : own
}

/** The residue that the value of a member `dd` stands for. */
export function readState(value: string): Residue {
  const residue = new Map<string, string>([[datadogKeys.state, value]])
  const tags: string[] = []
  const names = new Set<string>()
  for (const part of value.split(';')) {
    const colon = part.indexOf(':')
    const name = part.slice(0, Math.max(colon, 0))
    if (name === '' || names.has(name)) continue
    names.add(name)
    const text = trimOws(part, colon + 1)
    if (name === 's' && (text === '-1' || text === '2')) residue.set(datadogKeys.priority, text)
    else if (name === 'p' && spanIdPattern.test(text)) residue.set(datadogKeys.parent, text)
    else if (name === 'o') {
      const origin = originOf(text.replaceAll('~', '='))
      if (origin !== undefined) residue.set(datadogKeys.origin, origin)
    } else if (name.startsWith('t.')) {
      const tag = tagOf(prefix + name.slice(2), text.replaceAll('~', '='))
      if (tag !== undefined) tags.push(tag)
    }
  }
  if (tags.length > 0) residue.set(datadogKeys.tags, tags.join(','))
  return residue
}

/**
 * The member `dd` for a context, at most 256 characters; undefined when its residue has nothing of Datadog's. One that
 * came goes on byte for byte, but for a priority that contradicts the decision.
 */
export function writeState({ residue, sampling }: TraceContext): string | undefined {
  if (residue === undefined) return undefined
  const state = residue.get(datadogKeys.state)
  if (state !== undefined) return reconciled(state, sampling)
  const priority = priorityFor(sampling, residue.get(datadogKeys.priority))
  const origin = residue.get(datadogKeys.origin)
  const parent = residue.get(datadogKeys.parent)
  const tags = residue.get(datadogKeys.tags)
  if ((origin ?? parent ?? tags ?? residue.get(datadogKeys.priority)) === undefined) return undefined
  const parts: string[] = []
  if (priority !== undefined) parts.push(`s:${priority}`)
  if (origin !== undefined) parts.push(`o:${written(origin)}`)
  if (parent !== undefined) parts.push(`p:${parent}`)
  let value = parts.join(';')
  for (const tag of tags?.split(',') ?? []) {
    const equals = tag.indexOf('=')
    const key = tag.slice(prefix.length, equals).replaceAll(foreignToKey, '_')
    const longer = `${value === '' ? '' : `${value};`}t.${key}:${written(tag.slice(equals + 1))}`
    if (longer.length <= maxState) value = longer
  }
  return value === '' ? undefined : value
}

function written(text: string): string {
  return text.replaceAll(foreignToValue, '_').replaceAll('=', '~')
}

function reconciled(state: string, sampling: Sampling): string {
  if (sampling === 'defer') return state
  const parts = state.split(';')
  const at = parts.findIndex(part => part.startsWith('s:'))
  const said = parts[at]?.slice(2) ?? ''
  if (!numberPattern.test(said)) return state
  const agrees = sampling === 'debug' ? Number(said) > 1 : Number(said) > 0 === (sampling === 'keep')
  if (agrees) return state
  parts[at] = `s:${priorityFor(sampling, undefined)}`
  return parts.join(';')
}
