// Whether a caller knows a secret: it sends the secret itself, or signs the request with it. Must not say by its time
// how much of a guess was right, and never shows the secret.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Credentials } from './rules.ts'

/** `shared`: the header holds the secret. `hmac`: it holds `t=<Unix seconds>,v1=<hex HMAC-SHA256>`. */
export type SecretSettings = {
  readonly kind: 'shared' | 'hmac'
  /** In lower case. */
  readonly header: string
  readonly secret: string
}

const maxLength = 4096
/** Seconds that a signature is good for, and that clocks may differ by. */
const lifetime = 300

// Ten digits reach to the year 2286.
const signaturePattern = /^t=([0-9]{10}),v1=([0-9a-f]{64})$/

/** Makes the test; each costs one hash, and only where the header is there. */
export function createSecret({ kind, header, secret }: SecretSettings): (shown: Credentials) => boolean {
  return kind === 'shared' ? shared(header, secret) : signed(header, secret)
}

function shared(header: string, secret: string): (shown: Credentials) => boolean {
  const expected = digest(secret)
  return ({ read }) => {
    const given = read(header)
    if (given === undefined || given.length > maxLength) return false
    // Of equal length whatever was sent, as the comparison needs it.
    return timingSafeEqual(digest(given), expected)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function signed(header: string, secret: string): (shown: Credentials) => boolean {
  return ({ read, method, target, now }) => {
    const [, time = '', signature = ''] = signaturePattern.exec(read(header) ?? '') ?? []
    if (time === '' || Math.abs(now() / 1000 - Number(time)) > lifetime) return false
    const expected = createHmac('sha256', secret).update(`${time}\n${method}\n${target}`).digest()
    return timingSafeEqual(Buffer.from(signature, 'hex'), expected)
  }
}
