// Dialects that rules bring along: published OpenTelemetry propagators, loaded and tried out when rules load.
// The one place that loads a package by a name from rules; whoever writes rules is believed, callers never are.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { TextMapPropagator } from '@opentelemetry/api'
import type { Dialect } from '../dialects/dialect.ts'
import { type Api, carriesOf, fromPropagator } from '../dialects/otel.ts'
import { complain } from './complaint.ts'
import { child, entriesOf, type Located, type Place, textOf } from './located.ts'
import { oneOfText } from './notation.ts'
import type { Complaint } from './rules.ts'
import { parseDialectName, parseFieldName, parsePackage } from './values.ts'

/** By name. */
export type Adapters = ReadonlyMap<string, Dialect>

type Failed = { readonly problem: string }

/** Loads what `dialects` names. What has not its shape is left to who complains of shapes. Never throws. */
export function loadAdapters(root: Located): {
  readonly adapters: Adapters
  readonly complaints: readonly Complaint[]
} {
  const adapters = new Map<string, Dialect>()
  const complaints: Complaint[] = []
  for (const [name, { value }] of entriesOf(child(root, 'dialects'))) {
    const node = child(value, 'package')
    const from = textOf(node)
    if (node === undefined || from === undefined) continue
    if (parseDialectName(name) === undefined || parsePackage(from) === undefined) continue
    const made = dialectFrom(name, from, textOf(child(value, 'export')), node.place)
    if ('problem' in made) complaints.push(complain(node.place, made.problem))
    else adapters.set(name, made)
  }
  return { adapters, complaints }
}

function dialectFrom(
  name: string,
  from: string,
  exported: string | undefined,
  place: Place
): Dialect | Failed {
  const loaded = packageOf(from, place)
  if ('problem' in loaded) return loaded
  const propagator = propagatorOf(loaded.exports, exported)
  if ('problem' in propagator) return propagator
  // Here alone, for it costs a part of the start.
  const api: Api = createRequire(import.meta.url)('@opentelemetry/api')
  try {
    const fields: unknown = propagator.fields()
    if (!Array.isArray(fields) || fields.length === 0 || !fields.every(isFieldName)) {
      return { problem: 'expected a propagator whose fields() are names of header fields' }
    }
    const carries = carriesOf(propagator, api)
    return carries === undefined
      ? { problem: 'expected a propagator that reads a trace context which it wrote itself' }
      : fromPropagator(name, propagator, carries, api)
  } catch (error) {
    return { problem: `expected a propagator that works (${reasonOf(error)})` }
  }
}

/** From beside the rule file, else from where the gateway was started. */
function packageOf(
  from: string,
  { file }: Place
): { readonly exports: ReadonlyMap<string, unknown> } | Failed {
  let reason = ''
  for (const base of [resolve(file), resolve('rules.yaml')]) {
    try {
      const exports: unknown = createRequire(base)(from)
      return { exports: new Map(typeof exports === 'object' ? Object.entries(exports ?? {}) : []) }
    } catch (error) {
      reason = reasonOf(error)
      if (reason !== 'MODULE_NOT_FOUND') break
    }
  }
  return {
    problem: `expected an installed package (${reason}); it is looked for from the rule file's folder up`
  }
}

function propagatorOf(
  exports: ReadonlyMap<string, unknown>,
  exported: string | undefined
): TextMapPropagator | Failed {
  const able = [...exports].filter(([, value]) => isPropagator(value) || isPropagatorClass(value))
  const [first, second] = able
  if (exported === undefined && second !== undefined) {
    return { problem: `expected export beside package: ${oneOfText(able.map(([name]) => name))}` }
  }
  const value = exported === undefined ? first?.[1] : exports.get(exported)
  if (isPropagator(value)) return value
  if (typeof value === 'function') {
    try {
      const made: unknown = isPropagatorClass(value) ? Reflect.construct(value, []) : value()
      if (isPropagator(made)) return made
    } catch (error) {
      return { problem: `expected a propagator that can be made without settings (${reasonOf(error)})` }
    }
  }
  return {
    problem:
      'expected a package that exports a propagator: a class, factory or object with inject, extract and fields'
  }
}

const methods = ['inject', 'extract', 'fields']

function isPropagator(value: unknown): value is TextMapPropagator {
  if (typeof value !== 'object' || value === null) return false
  return methods.every(method => typeof Reflect.get(value, method) === 'function')
}

function isPropagatorClass(value: unknown): value is () => unknown {
  return typeof value === 'function' && isPropagator(value.prototype)
}

function isFieldName(value: unknown): boolean {
  return typeof value === 'string' && parseFieldName(value) !== undefined
}

/** A code or the name of an error's kind: never its message, which quotes what it will. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
