// The shape of `match`: what a request must be. Must not know what follows from it.
import * as v from 'valibot'
import { parseHost, parseTemplate } from '../route/pattern.ts'
import { parseFieldName } from './field-values.ts'
import { distinct, key, named, table } from './notation.ts'
import { fieldValue, method, pattern } from './shape-values.ts'

export const matchEntries = {
  host: key(
    'A host, or *.example.com for every host below it. Any host when left out.',
    pattern('a host such as shop.example.com or *.example.com', parseHost)
  ),
  path: key(
    'A path: /orders/{id} takes one segment for {id}, /static/** everything below. Any path when left out.',
    pattern('a path such as /orders/{id} or /static/**', parseTemplate)
  ),
  method: key(
    'A method, or a list of them. Any method when left out.',
    v.union([method, distinct(method)], issue =>
      Array.isArray(issue.input)
        ? 'expected a list of methods in upper case, such as [GET, HEAD]'
        : 'expected a method in upper case, such as GET, or a list of them'
    )
  ),
  header: key(
    'Header fields and the exact values they must have.',
    named('the name of a header field', parseFieldName, fieldValue)
  )
}

export const match = table(matchEntries)
