// The shape of what rules say of requests kept for replay. Must not know defaults (settle-capture.ts).
import * as v from 'valibot'
import { distinct, key, table } from './notation.ts'
import { count, fieldName } from './shape-values.ts'

const expectedBytes = 'expected a number of bytes, 65536 at most'

const what = {
  headers: key(
    'Fields of requests and answers that are kept; those that bear secrets as REDACTED.',
    distinct(fieldName)
  ),
  body: key(
    'So many first bytes of each body, 65536 at most; 0 for none.',
    v.pipe(count(0, expectedBytes), v.maxValue(65_536, expectedBytes))
  )
}

export const capture = table({
  ...what,
  keep: key(
    'How many requests, the newest; 4 MiB of them at most.',
    v.pipe(
      count(1, 'expected a whole number from 1 to 10000'),
      v.maxValue(10_000, 'expected a whole number from 1 to 10000')
    )
  )
})

export const routeCapture = v.union([v.literal(false), table(what)], 'expected false or a map')

export type DecodedCapture = v.InferOutput<typeof capture>
export type DecodedRouteCapture = v.InferOutput<typeof routeCapture>
