// The registry is by hand: one line for each file. This holds the two together.
import { readdir } from 'node:fs/promises'
import t from 'tap'
import * as registry from '../../src/exporters/index.ts'
import { decodeRequest } from '../receiver.ts'
import { makeSpan, resource } from '../span.ts'

// Not exporters themselves: the type, the registry, and what exporters are made of.
const parts = new Set(['exporter.ts', 'index.ts', 'attributes.ts', 'protobuf.ts', 'otlp-answer.ts'])

t.test('every exporter is registered under its own name', async t => {
  const files = await readdir(new URL('../../src/exporters/', import.meta.url))
  const expected = files.filter(file => !parts.has(file)).map(file => file.replace(/\.ts$/, ''))
  t.strictSame(Object.keys(registry).sort(), expected.sort())
  for (const [key, exporter] of Object.entries(registry)) t.equal(exporter.name, key)
})

t.test('every exporter encodes no spans, and a span, without complaint', async t => {
  for (const exporter of Object.values(registry)) {
    t.match(exporter.contentType, /^[a-z]+\/[a-z0-9.+-]+$/)
    t.type(exporter.encode([], resource), Buffer)
    t.ok(exporter.encode([makeSpan()], resource).length > 0)
  }
  t.equal(decodeRequest(registry.otlp.encode([], resource)).length, 0)
})
