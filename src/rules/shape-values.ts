// Single values of rules as schemas: each takes text, and says in words what it would have taken.
import * as v from 'valibot'
import { baggageDialects } from '../baggage/find.ts'
import { acceptedNames, dialectNames } from '../dialects/find.ts'
import { parseAddress } from './address.ts'
import { parseFieldName, parseFieldValue, parseMemberKey, parseMethod } from './field-values.ts'
import { parseText } from './names.ts'
import { choice, distinct, oneOfText, parsed } from './notation.ts'
import { type PlainMap, parsePlainMap } from './plain-map.ts'
import { parseAllowedOrigin } from './urls.ts'
import { parseDuration, parseRate } from './values.ts'

export const text = parsed('text on one line, at most 256 characters', parseText)
export const duration = parsed('a duration such as 250ms, 5s, 10m or 1h', parseDuration)
export const address = parsed('an address such as 0.0.0.0:8080, [::1]:8080 or :8080', parseAddress)
export const fieldName = parsed('the name of a header field', parseFieldName)
export const fieldValue = parsed('the value of a header field: visible ASCII characters', parseFieldValue)
export const method = parsed('a method in upper case, such as GET', parseMethod)

export const allowedOrigin = parsed(
  'an origin such as https://shop.example.com, https://*.example.com or *',
  parseAllowedOrigin
)

const expectedRate = 'expected a rate from 0% to 100%, or from 0 to 1'
export const rate = v.pipe(
  v.union([v.string(), v.number()], expectedRate),
  v.rawTransform(({ dataset, addIssue, NEVER }): number => {
    const value = parseRate(dataset.value)
    if (value !== undefined) return value
    addIssue({ message: expectedRate })
    return NEVER
  })
)

/** A pattern that says itself what is wrong with it. */
export function pattern(expected: string, parse: (text: string) => { kind: string; why?: string }) {
  return v.pipe(
    v.string(`expected ${expected}`),
    v.check(
      text => parse(text).kind !== 'refused',
      issue => parse(issue.input).why ?? `expected ${expected}`
    )
  )
}

/** Which there are depends on `dialects`: consistency.ts says so. */
const dialectOf = (names: readonly string[]) =>
  v.pipe(v.string(`expected ${oneOfText(names)}`), v.metadata({ names }))
export const acceptList = distinct(dialectOf(acceptedNames))
export const emitList = distinct(dialectOf(dialectNames))

const [firstCarrier = 'w3c', ...otherCarriers] = baggageDialects.keys()
export const baggageDialectList = distinct(choice([firstCarrier, ...otherCarriers]))

/** A whole number from `least` up. */
export function count(least: number, expected: string) {
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(1e9, expected)
  )
}

export const tracestate = v.union(
  [v.literal('all'), distinct(parsed('the key of a member of tracestate, such as dd', parseMemberKey))],
  'expected all or a list of keys such as [ot, dd]'
)

/** For whoever knows what the keys mean. */
export const plainMap = v.custom<PlainMap>(
  value => parsePlainMap(value) !== undefined,
  'expected a map of plain values: text, numbers but .inf and .nan, true, false, null, lists, maps'
)
