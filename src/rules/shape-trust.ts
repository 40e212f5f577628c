// The shape of what rules say of callers: by what they are known, and what is believed of them.
import * as v from 'valibot'
import { parseSecretField, parseSharedSecret } from './field-values.ts'
import { parseIdentityRule } from './identities.ts'
import { choice, distinct, key, must, parsed, table } from './notation.ts'
import { parseRange } from './ranges.ts'
import { allowedOrigin } from './shape-values.ts'

const sharedSecret = parsed('a secret of 16 to 1024 visible characters without blanks', parseSharedSecret)

const identity = parsed(
  'a URI, all below one (spiffe://example.org/ns/shop/*), a DNS name, or CN= and a common name',
  parseIdentityRule
)

const secret = v.pipe(
  table({
    header: must(
      'The header field that shows it; upstreams do not get it.',
      parsed('the name of a header field that nothing else needs', parseSecretField)
    ),
    value: key(`The field holds the secret itself. Better \${file:…} than the secret.`, sharedSecret),
    hmac: key(
      `The field holds t=<Unix seconds>,v1=<hex HMAC-SHA256 with this key>. Better \${file:…} than the key.`,
      sharedSecret
    )
  }),
  v.check(
    given => (given.value === undefined) !== (given.hmac === undefined),
    'expected exactly one of value and hmac beside header'
  )
)

/** One entry of trust. */
export const trustEntry = v.pipe(
  table({
    from: key(
      '10.0.0.0/8, a single address, any, loopback or private.',
      parsed('an address range such as 10.0.0.0/8, one address, any, loopback or private', parseRange)
    ),
    origin: key(
      'Pages by their Origin: exact origins, https://*.example.com, or *. Programs can claim any.',
      v.pipe(distinct(allowedOrigin), v.minLength(1, 'expected at least one origin'))
    ),
    secret: key('A secret that the caller knows.', secret),
    identity: key(
      'What its certificate calls it, one of these: spiffe://example.org/ns/shop/sa/orders, spiffe://example.org/ns/shop/*, a DNS name, or CN=…',
      v.pipe(distinct(identity), v.minLength(1, 'expected at least one identity'))
    ),
    context: must(
      'continue its trace, restart it with a link, or ignore what it says.',
      choice(['continue', 'restart', 'ignore'])
    )
  }),
  v.check(
    ({ from, origin, secret, identity }) => [from, origin, secret, identity].some(each => each !== undefined),
    'expected at least one of from, origin, secret and identity beside context'
  )
)
