// The JSON Schema of a rule file, for editors, made from the shape that `check` and `serve` go by.
// It must not say less than they accept: a reference such as ${NAME} may stand for any value.
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { shape } from '../src/rules/shape.ts'

type Definition = JsonSchema | boolean
type Properties = NonNullable<JsonSchema['properties']>

/** Puts back the descriptions of texts that are parsed: the converter stops where a value changes. */
function described(properties: Properties = {}, entries: unknown): Properties {
  const schemas = new Map<string, unknown>(typeof entries === 'object' ? Object.entries(entries ?? {}) : [])
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => {
      const schema = schemas.get(key)
      const description = isSchema(schema) ? descriptionOf(schema) : undefined
      if (description === undefined || typeof property === 'boolean') return [key, property]
      return [key, { ...property, description }]
    })
  )
}

function descriptionOf(schema: v.GenericSchema): string | undefined {
  const inner = 'wrapped' in schema ? schema.wrapped : schema
  return isSchema(inner) ? v.getDescription(inner) : undefined
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'schema'
}

/** A dialect that the rules bring along; which ones there are, a schema cannot know. */
const adapter = { type: 'string', pattern: '^[a-z][a-z0-9-]{0,30}$' } as const

const reference = { type: 'string', pattern: '\\$\\{' } as const

/** Lets a reference such as `${NAME}` stand where other than text is wanted. */
function opened(schema: Definition): Definition {
  if (typeof schema === 'boolean') return schema
  // Metadata of the shape: names that are known, beside which there may be others.
  if ('names' in schema && Array.isArray(schema.names)) {
    return { anyOf: [{ enum: schema.names, type: 'string' }, adapter, reference] }
  }
  const { description, ...rest } = schema
  const closed =
    'enum' in rest || 'const' in rest || ['number', 'integer', 'boolean'].includes(String(rest.type))
  if (closed) return { anyOf: [rest, reference], ...(description === undefined ? {} : { description }) }
  const { properties, items, additionalProperties, anyOf } = schema
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: mapped(properties) }),
    ...(items === undefined || Array.isArray(items) ? {} : { items: opened(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: opened(additionalProperties) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(each => opened(each)) })
  }
}

function mapped(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, opened(each)]))
}

/** A JSON Schema, draft 7, as a plain value. */
export function rulesSchema(): JsonSchema {
  const schema = toJsonSchema(shape, {
    typeMode: 'input',
    errorMode: 'ignore',
    ignoreActions: ['check', 'raw_check'],
    overrideSchema({ valibotSchema, jsonSchema }) {
      if (valibotSchema.type === 'custom') return { type: 'object' }
      if (valibotSchema.type !== 'loose_object') return undefined
      const entries = 'entries' in valibotSchema ? valibotSchema.entries : {}
      return {
        ...jsonSchema,
        properties: described(jsonSchema.properties, entries),
        additionalProperties: false
      }
    }
  })
  const whole = opened(schema)
  return { title: 'Rules of tracebridge', ...(typeof whole === 'boolean' ? schema : whole) }
}
