// Header fields that mean something already: rules can give them to nothing else. Knows names, no values.
import { baggageDialects } from '../baggage/find.ts'
import { accepted } from '../dialects/find.ts'

const forwardingFields: ReadonlySet<string> = new Set([
  'forwarded',
  // https://nvd.nist.gov/vuln/detail/CVE-2018-14773: some servers route by these in place of the path
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url'
])

/**
 * Whether a field, given in lower case, is what proxies tell of the caller; those of strangers do not pass. All of
 * X-Forwarded-*: services believe `-User`, `-Ssl` or `-Scheme` as well as those that are written here.
 */
export function isForwarding(field: string): boolean {
  return field.startsWith('x-forwarded-') || forwardingFields.has(field)
}

/** Fields that a request cannot do without: whoever owned one would take it out, or write into it. */
const needed: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via'
])

const credentials: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization'])

const traced: ReadonlySet<string> = new Set(
  [...accepted.values(), ...baggageDialects.values()].flatMap(({ fields }) =>
    fields.map(field => field.toLowerCase())
  )
)
const prefixes = [...baggageDialects.values()].flatMap(dialect => dialect.prefixes)

/** Whether a dialect that rules bring along may own this field, given in lower case. */
export function isFreeForDialect(field: string): boolean {
  return !needed.has(field) && !isForwarding(field) && !credentials.has(field)
}

/** Whether a field, given in lower case, may bear a secret of ours, which is taken out. */
export function isFreeForSecret(field: string): boolean {
  if (needed.has(field) || isForwarding(field) || traced.has(field)) return false
  return !prefixes.some(prefix => field.startsWith(prefix))
}
