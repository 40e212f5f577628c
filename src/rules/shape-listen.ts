// The shape of what rules say of listeners: where they are, and whom they show which certificate.
// Must not read the files that it names (tls-files.ts).
import * as v from 'valibot'
import { parsePath } from './names.ts'
import { choice, distinct, key, must, parsed, table } from './notation.ts'
import { listenLimits, listenTimeouts } from './shape-limits.ts'
import { address } from './shape-values.ts'

const path = parsed('the path of a file, on one line', parsePath)
const cert =
  'A PEM file: the certificate, then those between it and its authority. A relative path begins at the rule file.'
const privateKey = 'A PEM file: its private key, without a passphrase.'

const tls = v.pipe(
  table({
    cert: key(cert, path),
    key: key(privateKey, path),
    certificates: key(
      'In place of cert and key, several: the DNS name that a caller asks for chooses; the first is for all others.',
      v.pipe(
        v.array(table({ cert: must(cert, path), key: must(privateKey, path) })),
        v.minLength(1, 'expected at least one certificate')
      )
    ),
    'client-ca': key('A PEM file: authorities whose client certificates are believed.', path),
    client: key(
      'Beside client-ca: ask for a client certificate, or require one, without which the handshake fails.',
      choice(['ask', 'require'])
    )
  }),
  v.check(
    ({ cert, key, certificates }) =>
      certificates === undefined ? cert !== undefined && key !== undefined : (cert ?? key) === undefined,
    'expected either cert and key, or certificates'
  ),
  v.check(
    given => given.client === undefined || given['client-ca'] !== undefined,
    'expected client-ca beside client'
  )
)

/** One entry of listen. */
export const listener = table({
  address: must('host:port, or :port.', address),
  tls: key('TLS 1.2 and up in place of plain text.', tls),
  protocols: key(
    'What callers may speak: both when left out. By TLS they choose (ALPN), in plain text they show it by how they begin.',
    v.pipe(distinct(choice(['http1', 'h2'])), v.minLength(1, 'expected http1, h2 or both'))
  ),
  limits: key('How much callers may ask for.', listenLimits),
  timeouts: key('How long callers may take.', listenTimeouts)
})
