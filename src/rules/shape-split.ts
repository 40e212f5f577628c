// The shape of what rules say of splitting requests between the targets of an upstream, and of what tags are called.
// Must not know defaults (settle-split.ts).
import * as v from 'valibot'
import { parseCookieName, parseFieldName, parseSecretField } from './field-values.ts'
import { labelOf, parseTagName, parseText } from './names.ts'
import { choice, key, named, parsed, table } from './notation.ts'
import { duration, fieldName, fieldValue, rate, text } from './shape-values.ts'

const removable = parsed('the name of a header field that requests can do without', parseSecretField)
const cookieName = parsed('the name of a cookie', parseCookieName)
const traits = {
  header: key('The name of a header field.', fieldName),
  cookie: key('The name of a cookie.', cookieName),
  query: key('The name of a parameter of the query.', text),
  baggage: key('The key of a member of baggage; that of believed callers.', fieldName)
}

const oneTrait = 'expected one of header, cookie, query and baggage'

/** Exactly one of these. */
const trait = v.pipe(
  table(traits),
  v.check(given => Object.keys(given).length === 1, oneTrait)
)

const sticky = v.pipe(
  table({
    ...traits,
    set: key(
      'Gives the cookie, with a random value, to who has none: session until the browser is closed, or a time such as 24h.',
      v.union(
        [v.literal('session'), v.pipe(duration, v.minValue(1000, 'expected a time from 1s on'))],
        'expected session, or a time from 1s on such as 24h'
      )
    )
  }),
  v.check(({ set: _, ...given }) => Object.keys(given).length === 1, oneTrait),
  v.check(given => given.set === undefined || given.cookie !== undefined, 'expected set beside cookie alone')
)

const conditions = ['header', 'cookie', 'query', 'baggage', 'key'] as const

const targetMatch = v.pipe(
  table({
    header: key(
      'Header fields and their exact values.',
      named('the name of a header field', parseFieldName, fieldValue)
    ),
    cookie: key(
      'Cookies and their exact values.',
      named('the name of a cookie', parseCookieName, fieldValue)
    ),
    query: key('Parameters of the query and their exact values.', named('text', parseText, text)),
    baggage: key(
      'Members of baggage and their exact values.',
      named('a key of baggage', parseFieldName, text)
    ),
    key: key('What tells users apart: with share, so many of them, and always the same ones.', trait),
    share: key('The share of all that key may be. Where it grows, those that are in stay in.', rate),
    callers: key(
      'believed or any: whose word it is. When left out believed, where baggage or a header of any carry is asked for, else any.',
      choice(['believed', 'any'])
    )
  }),
  v.check(
    given => (given.key === undefined) === (given.share === undefined),
    'expected key and share together'
  ),
  v.check(
    given => conditions.some(name => given[name] !== undefined && Object.keys(given[name]).length > 0),
    'expected something that a request must be: header, cookie, query, baggage or key'
  )
)

/** `match` of a target: one of them must hold. */
export const targetMatches = v.union(
  [targetMatch, v.pipe(v.array(targetMatch), v.minLength(1, 'expected at least one match'))],
  'expected a map such as { header: { x-gray: "1" } }, or a list of them'
)

/** Keys of an upstream. */
export const splitting = {
  sticky: key(
    'What tells users apart: who has it stays on one side, service.tag, as long as the weights stay.',
    sticky
  ),
  carry: key(
    'How a request says downstream what service.tag it was meant for, so that what is behind can match on it.',
    v.pipe(
      table({
        baggage: key('The key of a member of baggage.', fieldName),
        header: key(
          'The name of a header field; what callers send in it that are not believed is removed.',
          removable
        )
      }),
      v.check(given => Object.keys(given).length > 0, 'expected baggage or header')
    )
  ),
  fallback: key(
    'What may serve requests that are meant for a service.tag of which no target is well: any, none, or a list of service.tags.',
    v.union([choice(['any', 'none']), v.array(text)], 'expected any, none, or a list of service.tags')
  )
}

const tagName = parsed('the name of a tag: letters, digits, . _ and -, that is no other label', parseTagName)

/** What tags are called. */
export const tagNames = v.pipe(
  table({
    service: key(
      'The tag that tells releases apart: an attribute of spans and, with _ for . and -, a label.',
      tagName
    ),
    version: key('The tag with the version; where it is version, spans call it service.version.', tagName)
  }),
  v.check(
    ({ service = 'service.tag', version = 'version' }) => labelOf(service) !== labelOf(version),
    'expected two tags whose labels differ'
  )
)

export type DecodedTrait = v.InferOutput<typeof trait>
export type DecodedTargetMatches = v.InferOutput<typeof targetMatches>
export type DecodedTagNames = v.InferOutput<typeof tagNames>
