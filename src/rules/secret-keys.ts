// Names whose values are secrets: of header fields, and of keys in bodies and queries. Rather too many than too few.
// It knows no value, and nothing of where it stands.

/** Secret wherever they stand in a name, written in any way: `secretAccessKey`, `password_confirmation`, `PHPSESSID`. */
const stems = new RegExp(
  [
    'password|passwd|passphrase|passcode|secret|credential|authorization|cookie|csrf|xsrf|jwt|bearer',
    'session|sessid|signature|assertion|samlresponse|codeverifier',
    '(?:access|account|api|auth|encryption|license|master|private|service|shared|signing|ssh|subscription)keys?',
    '(?:access|api|auth|bearer|device|id|refresh|reset)tokens?',
    'token$',
    '(?:auth|backup|confirmation|device|invite|login|recovery|security|sms|verification)code'
  ].join('|')
)

/** Secret only as words of their own: `max_tokens`, `author` and `spinning` are harmless. */
const words: ReadonlySet<string> = new Set([
  'auth',
  'cvc',
  'cvv',
  'otp',
  'pass',
  'pin',
  'pwd',
  'sid',
  'sig',
  'token',
  'totp'
])

// userOTP, OTPCode
const humps = /([a-z])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g
const between = /[^a-z]+/
/** Characters of a name that are looked at, its last. */
const looked = 256

/** Whether a key of a query or of a body has a secret for its value. */
export function isSecretKey(key: string): boolean {
  const name = key.slice(-looked)
  const flat = name.replace(/[^A-Za-z0-9]/g, '').toLowerCase()
  if (flat === 'code' || stems.test(flat)) return true
  return name
    .replace(humps, '$& ')
    .toLowerCase()
    .split(between)
    .some(word => words.has(word))
}

/** As `isSecretKey`, in an answer: there a `code` is that of an error. */
export function isSecretAnswer(key: string): boolean {
  return key !== 'code' && isSecretKey(key)
}

/** Whether a header field, in lower case, bears a secret. */
export function isSecretField(name: string): boolean {
  // It says true or nothing. https://fetch.spec.whatwg.org/#http-access-control-allow-credentials
  if (name === 'access-control-allow-credentials') return false
  return name === 'authentication' || name === 'dpop' || isSecretKey(name)
}
