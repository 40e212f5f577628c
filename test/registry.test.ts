// A new dialect or sampler is one file and one line in its registry: here is what notices a forgotten line.
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import * as baggage from '../src/baggage/index.ts'
import * as dialects from '../src/dialects/index.ts'
import * as samplers from '../src/samplers/index.ts'
import { made } from './samplers/made.ts'

/** The modules of a folder but for what they have in common. */
function modules(folder: string, except: readonly string[]): readonly string[] {
  return readdirSync(new URL(`../src/${folder}/`, import.meta.url))
    .filter(file => file.endsWith('.ts'))
    .map(file => basename(file, '.ts'))
    .filter(name => name !== 'index' && !except.includes(name))
    .sort()
}

/** `atMost` as rules and files write it. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

t.test('every dialect is registered under the name of its file, which is its own', async t => {
  t.strictSame(Object.keys(dialects).sort(), modules('dialects', ['dialect', 'find', 'otel']))
  for (const [name, dialect] of Object.entries(dialects)) t.equal(dialect.name, name)
})

t.test('every baggage dialect is registered under the name of its file, which is its own', async t => {
  const shared = ['baggage', 'bridge', 'find', 'prefixed', 'sentry']
  t.strictSame(Object.keys(baggage).sort(), modules('baggage', shared))
  for (const [name, dialect] of Object.entries(baggage)) t.equal(dialect.name, name)
})

t.test('every sampler is registered under the name of its file, which is its own', async t => {
  t.strictSame(Object.keys(samplers).map(kebab).sort(), modules('samplers', ['sampler', 'tokens']))
  t.strictSame([...made.keys()].sort(), Object.keys(samplers).sort(), 'and held to the contract of samplers')
  for (const [name, make] of made) t.equal(make(() => 0).name, kebab(name))
})
