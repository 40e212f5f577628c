// Dialects that rules bring along: published OpenTelemetry propagators, loaded and tried out when rules load.
// The one place that loads a package by a name from rules; whoever writes rules is believed, callers never are.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { TextMapPropagator } from '@opentelemetry/api'
import type { Dialect } from '../dialects/dialect.ts'
import { type Api, carriesOf, fromPropagator } from '../dialects/otel.ts'
import type { Complaint } from './complaint.ts'
import { complain } from './complaint.ts'
import { parseFieldName } from './field-values.ts'
import { child, entriesOf, type Located, type Place, plain, textOf, whole } from './located.ts'
import { parseDialectName, parseExport, parsePackage } from './names.ts'
import { oneOfText } from './notation.ts'
import { isFreeForDialect } from './owned-fields.ts'
import { type PlainMap, parsePlainMap } from './plain-map.ts'

/** By name. */
export type Adapters = ReadonlyMap<string, Dialect>

/** One entry of `dialects`, with where to complain of each part. */
type Asked = {
  readonly name: string
  readonly package: string
  readonly export: string | undefined
  /** Of nobody else, so that a propagator may keep and change it. */
  readonly options: PlainMap | undefined
  readonly at: { readonly package: Place; readonly export: Place; readonly options: Place }
}

/** What to say; of the package, where no place is named. */
type Failed = { readonly problem: string; readonly place?: Place }

/** Loads what `dialects` names. What has not its shape is left to who complains of shapes. Never throws. */
export function loadAdapters(root: Located): {
  readonly adapters: Adapters
  readonly complaints: readonly Complaint[]
} {
  const adapters = new Map<string, Dialect>()
  const complaints: Complaint[] = []
  for (const [name, { value }] of entriesOf(child(root, 'dialects'))) {
    const asked = askedOf(name, value)
    if (asked === undefined) continue
    const made = dialectFrom(asked)
    if ('problem' in made) complaints.push(complain(made.place ?? asked.at.package, made.problem))
    else adapters.set(name, made)
  }
  return { adapters, complaints }
}

function askedOf(name: string, entry: Located): Asked | undefined {
  const from = child(entry, 'package')
  const exported = child(entry, 'export')
  const given = child(entry, 'options')
  const named = { package: textOf(from), export: textOf(exported) }
  const options = given && whole(given) ? parsePlainMap(plain(given, new Map())) : undefined
  if (from === undefined || named.package === undefined || parsePackage(named.package) === undefined) return
  if (exported !== undefined && parseExport(named.export ?? '') === undefined) return
  if (given !== undefined && options === undefined) return
  if (parseDialectName(name) === undefined) return
  const at = {
    package: from.place,
    export: (exported ?? from).place,
    options: (given ?? exported ?? from).place
  }
  return { name, package: named.package, export: named.export, options, at }
}

function dialectFrom(asked: Asked): Dialect | Failed {
  const loaded = packageOf(asked)
  if ('problem' in loaded) return loaded
  try {
    const propagator = propagatorOf(loaded.exports, asked)
    if ('problem' in propagator) return propagator
    // Here alone, for it costs a part of the start.
    const api: Api = createRequire(import.meta.url)('@opentelemetry/api')
    const fields: unknown = propagator.fields()
    if (!Array.isArray(fields) || fields.length === 0 || !fields.every(isFieldName)) {
      return { problem: 'expected a propagator whose fields() are names of header fields' }
    }
    const owned = propagator.fields().find(field => !isFreeForDialect(field.toLowerCase()))
    if (owned !== undefined) {
      return { problem: `expected a propagator with fields of its own, not ${owned}, which requests need` }
    }
    const carries = carriesOf(propagator, api)
    return carries === undefined
      ? { problem: 'expected a propagator that reads a trace context which it wrote itself' }
      : fromPropagator(asked.name, propagator, carries, api)
  } catch (error) {
    return { problem: `expected a propagator that works (${reasonOf(error)})` }
  }
}

type Exports = ReadonlyMap<string, unknown>

/** From beside the rule file, else from where the gateway was started, else from beside the gateway itself. */
function packageOf(asked: Asked): { readonly exports: Exports } | Failed {
  let reason = ''
  for (const base of [resolve(asked.at.package.file), resolve('rules.yaml'), import.meta.url]) {
    try {
      return { exports: exportsOf(createRequire(base)(asked.package)) }
    } catch (error) {
      reason = reasonOf(error)
      if (reason !== 'MODULE_NOT_FOUND') break
    }
  }
  return {
    problem: `expected an installed package (${reason}); it is looked for from the rule file's folder up`
  }
}

/** By name; a package can be an only export itself, which is then called `default`. */
function exportsOf(loaded: unknown): Exports {
  if (typeof loaded !== 'object' && typeof loaded !== 'function') return new Map()
  const only = typeof loaded === 'function' || isPropagator(loaded) ? [['default', loaded] as const] : []
  return new Map([...only, ...Object.entries(loaded ?? {})])
}

const expectedPropagator =
  'expected a package that exports a propagator: a class, factory or object with inject, extract and fields'

/** May throw what a package throws. */
function propagatorOf(exports: Exports, asked: Asked): TextMapPropagator | Failed {
  const able = [...exports].filter(([, value]) => isPropagator(value) || isPropagatorClass(value))
  const names = oneOfText(able.map(([name]) => name))
  if (asked.export === undefined) {
    const [first, ...others] = able
    if (first === undefined) {
      return { problem: `${expectedPropagator}; a factory is to be named by export` }
    }
    // A package may export the same thing by two names.
    const choice = others.some(([, value]) => value !== first[1])
    return choice ? { problem: `expected export beside package: ${names}` } : made(first[1], asked)
  }
  if (exports.has(asked.export)) return made(exports.get(asked.export), asked)
  return { problem: names === '' ? expectedPropagator : `expected ${names}`, place: asked.at.export }
}

function made(value: unknown, { options, at }: Asked): TextMapPropagator | Failed {
  if (isPropagator(value)) {
    if (options === undefined) return value
    return { problem: 'expected no options: what is exported is made already', place: at.options }
  }
  if (typeof value !== 'function') return { problem: expectedPropagator, place: at.export }
  const given = options === undefined ? [] : [options]
  let result: unknown
  try {
    result = isClass(value) ? Reflect.construct(value, given) : Reflect.apply(value, undefined, given)
  } catch (error) {
    const problem = `expected ${options === undefined ? 'a propagator that can be made without options' : 'other options'}`
    return { problem: `${problem} (${reasonOf(error)})`, place: at.options }
  }
  if (isPropagator(result)) return result
  return { problem: 'expected an export that makes a propagator, and at once', place: at.export }
}

const methods = ['inject', 'extract', 'fields']

function isPropagator(value: unknown): value is TextMapPropagator {
  if (typeof value !== 'object' || value === null) return false
  return methods.every(method => typeof Reflect.get(value, method) === 'function')
}

function isPropagatorClass(value: unknown): boolean {
  return typeof value === 'function' && isPropagator(value.prototype)
}

/** Methods can be fields of what a class makes, of which its prototype knows nothing. */
function isClass(value: unknown): boolean {
  return isPropagatorClass(value) || /^class\b/.test(Function.prototype.toString.call(value))
}

function isFieldName(value: unknown): boolean {
  return typeof value === 'string' && parseFieldName(value) !== undefined
}

/** A code or the name of an error's kind: never its message, which quotes what it will. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
