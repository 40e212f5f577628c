// The shape of what rules say of the connections to an upstream: TLS, ceilings, and which targets are left out.
// Must not know defaults (settle-upstream.ts), nor read the files that it names (upstream-tls.ts).
import * as v from 'valibot'
import { parsePath } from './names.ts'
import { choice, key, must, parsed, table } from './notation.ts'
import { headerSize } from './shape-limits.ts'
import { count, duration, rate } from './shape-values.ts'
import { parseHostName } from './tls-names.ts'
import { parseHealthPath } from './urls.ts'

const path = parsed('the path of a file, on one line', parsePath)
const number = count(1, 'expected a whole number from 1 up')

export const upstreamTls = v.pipe(
  table({
    ca: key(
      'A PEM file: the only authorities that are believed, in place of the public ones. A relative path begins at the rule file.',
      path
    ),
    cert: key(
      'A PEM file: the certificate that the gateway shows, then those between it and its authority.',
      path
    ),
    key: key('A PEM file: its private key, without a passphrase.', path),
    'server-name': key(
      'The DNS name that is asked for (SNI), and that the certificate must have; the host of the URL when left out.',
      parsed('a DNS name', parseHostName)
    ),
    verify: key(
      'false takes any certificate: whoever is in between can read and change everything.',
      v.boolean()
    )
  }),
  v.check(given => (given.cert === undefined) === (given.key === undefined), 'expected cert and key together')
)

export const protocol = choice(['http1', 'h2'])

export const upstreamLimits = table({
  connections: key('Connections to one target, at most.', number),
  pending: key(
    'Requests that wait for one of them, for each target; beyond it the answer is 503 at once.',
    count(0, 'expected a whole number from 0 up')
  ),
  'connection-age': key(
    'A connection that is older takes no more requests, so that names are looked up again.',
    duration
  ),
  'keep-alive': key(
    'How long a connection is kept without a request, where the target does not say; shorter than the target keeps it.',
    v.pipe(duration, v.minValue(1, 'expected a duration above 0s'))
  ),
  header: key('Bytes of the header of an answer, at most; more is answered 502.', headerSize)
})

export const ejection = v.union(
  [
    v.literal('none'),
    table({
      failures: key(
        'After so many failures (no whole answer, or 5xx) in a row a target is left out.',
        number
      ),
      for: key('For so long; twice that when it happens again, and so on, up to 5m.', duration),
      most: key('No larger share of the targets at once, but always one, if it is not the last.', rate)
    })
  ],
  'expected none or a map'
)

export const health = table({
  path: must(
    'What is asked for with GET; 200 to 399 is well.',
    parsed('a path that begins with /', parseHealthPath)
  ),
  every: key('Between one answer and the next question.', duration),
  timeout: key('Until the header of the answer is there.', duration),
  healthy: key('So many good answers in a row bring a target back.', number),
  unhealthy: key('After so many bad ones in a row it is left out.', number)
})

const expectedRetries = 'expected 0, 1 or 2'
/** How often a request is sent again. */
export const retries = v.picklist([0, 1, 2], expectedRetries)

export const resend = choice(['reused', 'any'])
export const resendMethods = choice(['safe', 'idempotent'])
