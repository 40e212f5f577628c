// The shape of what rules say of sampling, on top, on routes and in `sampling.rules`. Must not know defaults.
import * as v from 'valibot'
import { parseSecretField } from './field-values.ts'
import { parseText } from './names.ts'
import { choice, distinct, key, must, named, parsed, table } from './notation.ts'
import { matchEntries } from './shape-match.ts'
import { count, duration, rate, text } from './shape-values.ts'
import { parseLimit } from './values.ts'

const limit = parsed('a number in a time such as 200/s, 30/m or 5/h', parseLimit)

const target = parsed('a number in a time such as 50/s, 30/m or 5/h, above 0', text => {
  const parsed = parseLimit(text)
  return parsed?.count === 0 ? undefined : parsed
})

/** Who decides about new traces, and how far callers are followed. */
export const samplers = {
  rate: key('The share of traces that is kept: 30% or 0.3.', rate),
  adaptive: key(
    'In place of rate: the share follows the traffic of each route, and of each service.tag of its targets.',
    table({
      target: must('How many traces to keep, such as 50/s.', target),
      floor: key('At least so many, where requests come at all, such as 1/m.', limit),
      ceiling: key('The largest share that is kept.', rate)
    })
  ),
  'at-most': key(
    'Of what rate or adaptive keeps, so many in a time, such as 50/s; said at the top, for all routes together.',
    limit
  ),
  parent: key(
    "The caller's wish: follow it, cap it at the rate, or ignore it.",
    choice(['follow', 'cap', 'ignore'])
  )
}

const removable = parsed('the name of a header field that requests can do without', parseSecretField)

const slowerThan = key('From what duration on a request is slow.', duration)
const noneOr = 'expected none or a map'

const match = table({
  ...matchEntries,
  route: key(
    'The name of the route that it takes, or a list of names.',
    v.union([text, distinct(text)], 'expected the name of a route, or a list of names')
  ),
  tag: key('Tags that the target must have, such as service.tag: gray.', named('text', parseText, text))
})

/** What an override for a while says, besides how long. */
export const override = { match: v.optional(match), rate: must('The share.', rate), parent: samplers.parent }

export const routeSampling = table({
  ...samplers,
  keep: key(
    'What is kept of this route after all, when it failed or was slow; none for nothing.',
    v.union([v.literal('none'), table({ 'slower-than': slowerThan })], noneOr)
  )
})

export const sampling = table({
  ...samplers,
  limit: key(
    'How many traces callers can force, on all routes together, such as 200/s; beyond it the rate decides.',
    limit
  ),
  keep: key(
    'What is kept after all, when it failed or was slow, whatever was decided before; none for nothing.',
    v.union(
      [
        v.literal('none'),
        table({
          errors: key('How many that failed, such as 10/s.', limit),
          slow: key('How many that were slow, such as 10/s.', limit),
          'slower-than': slowerThan
        })
      ],
      noneOr
    )
  ),
  boost: key(
    'After an error, the next requests of that route and service.tag are kept from the start.',
    table({
      requests: key('So many requests.', count(1, 'expected a whole number from 1 up')),
      for: key('No longer than this.', duration),
      'at-most': key('How many such traces, on all routes together, such as 10/s.', limit)
    })
  ),
  force: key(
    'A header field with the value 1 or true by which believed callers keep a trace that would be dropped.',
    table({
      header: must('The name of the field; from other callers it is removed.', removable),
      'at-most': key('How many traces, on all routes together, such as 10/s.', limit)
    })
  ),
  rules: key(
    'Other sampling for some requests; the first match wins, before any route.',
    v.array(
      v.pipe(
        table({ match: must('What a request must be.', match), ...samplers }),
        v.check(
          value =>
            value.rate !== undefined ||
            value.adaptive !== undefined ||
            value['at-most'] !== undefined ||
            value.parent !== undefined,
          'expected rate, adaptive, at-most or parent beside match'
        )
      )
    )
  )
})

export type DecodedSampling = v.InferOutput<typeof sampling>
export type DecodedRouteSampling = v.InferOutput<typeof routeSampling>
export type DecodedSamplingMatch = v.InferOutput<typeof match>
