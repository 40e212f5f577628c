// The attributes of a span by name, and as the texts that back ends with untyped tags take.
// It knows no attribute by name.
import type { Attribute, Span } from './exporter.ts'

/** The last one wins where a name stands twice. */
export function attributesOf(span: Span): Map<string, Attribute> {
  const { attributes } = span
  const map = new Map<string, Attribute>()
  for (let i = 0; i + 1 < attributes.length; i += 2) {
    const key = attributes[i]
    const value = attributes[i + 1]
    if (typeof key === 'string' && value !== undefined) map.set(key, value)
  }
  return map
}

/** Lists as JSON, all else as it is spoken: https://opentelemetry.io/docs/specs/otel/common/#attribute */
export function attributeText(value: Attribute): string {
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).toWellFormed()
}
