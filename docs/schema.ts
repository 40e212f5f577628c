// The JSON Schema of a rule file, for editors, made from the shape that `check` and `serve` go by.
// It must not say less than they accept: a reference such as ${NAME} may stand for any value.
import { toJsonSchema } from '@valibot/to-json-schema'
import { shape } from '../src/rules/shape.ts'

const reference = { type: 'string', pattern: '\\$\\{' } as const

/** A JSON Schema, draft 7, as a plain value. */
export function rulesSchema(): Readonly<Record<string, unknown>> {
  const schema = toJsonSchema(shape, {
    typeMode: 'input',
    errorMode: 'ignore',
    ignoreActions: ['check', 'raw_check'],
    overrideSchema({ valibotSchema, jsonSchema }) {
      switch (valibotSchema.type) {
        case 'loose_object':
          return { ...jsonSchema, additionalProperties: false }
        case 'number':
        case 'boolean':
        case 'picklist':
        case 'literal':
          return { anyOf: [jsonSchema, reference] }
        default:
          return undefined
      }
    }
  })
  return { ...schema, title: 'Rules of tracebridge' }
}
