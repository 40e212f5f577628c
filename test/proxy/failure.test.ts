import t from 'tap'
import { errors } from 'undici'
import { failureOf, failures } from '../../src/proxy/failure.ts'

function systemError(code: string, syscall?: string): Error {
  return Object.assign(new Error(code), syscall === undefined ? { code } : { code, syscall })
}

t.test('codes are the names of the table, and statuses are those of HTTP', async t => {
  for (const [name, failure] of Object.entries(failures)) {
    const { code, status, side, message } = failure
    t.equal(code, name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase())
    // Whoever asks for what is not spoken here is told so by a status of the server's.
    const unspoken = status === 501 || status === 505 || status === 508
    // And a call is told in words of its own.
    const own = unspoken || 'grpc' in failure
    t.equal(side === 'caller', (status >= 400 && status < 500) || own, code)
    t.match(message, /^[\x20-\x7e]+$/)
  }
})

t.test('each way in which an upstream fails has its own', async t => {
  const wanted = [
    ['UPSTREAM_UNREACHABLE', systemError('ECONNREFUSED', 'connect')],
    ['UPSTREAM_UNREACHABLE', systemError('ETIMEDOUT', 'connect')],
    ['UPSTREAM_UNREACHABLE', systemError('EHOSTUNREACH', 'connect')],
    ['UPSTREAM_UNREACHABLE', systemError('EPERM', 'connect')],
    ['UPSTREAM_UNREACHABLE', systemError('ECONNRESET', 'connect')],
    ['UPSTREAM_UNREACHABLE', systemError('ENOTFOUND', 'getaddrinfo')],
    ['UPSTREAM_UNREACHABLE', systemError('EAI_AGAIN', 'getaddrinfo')],
    ['UPSTREAM_UNREACHABLE', new errors.ConnectTimeoutError()],
    ['UPSTREAM_UNREACHABLE', systemError('CERT_HAS_EXPIRED')],
    ['UPSTREAM_UNREACHABLE', systemError('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')],
    ['UPSTREAM_UNREACHABLE', systemError('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['UPSTREAM_UNREACHABLE', systemError('ERR_SSL_WRONG_VERSION_NUMBER')],
    ['UPSTREAM_UNREACHABLE', systemError('EPROTO', 'write')],
    ['UPSTREAM_RESET', systemError('ECONNRESET', 'read')],
    ['UPSTREAM_RESET', systemError('ECONNRESET')],
    ['UPSTREAM_RESET', systemError('ETIMEDOUT', 'read')],
    ['UPSTREAM_RESET', systemError('EPIPE', 'write')],
    ['UPSTREAM_RESET', new errors.SocketError('other side closed')],
    ['UPSTREAM_TIMEOUT', new errors.HeadersTimeoutError()],
    ['UPSTREAM_TIMEOUT', new errors.BodyTimeoutError()],
    ['UPSTREAM_INVALID', new errors.HTTPParserError('bad')],
    ['UPSTREAM_INVALID', new errors.HeadersOverflowError()],
    ['UPSTREAM_INVALID', new errors.ResponseContentLengthMismatchError()],
    ['BAD_REQUEST', new errors.InvalidArgumentError()],
    ['BAD_REQUEST', new errors.NotSupportedError()],
    ['BAD_REQUEST', new errors.RequestContentLengthMismatchError()],
    ['INTERNAL', new TypeError('a bug')],
    ['INTERNAL', systemError('ERR_INVALID_CHAR')],
    ['INTERNAL', undefined],
    ['INTERNAL', 'thrown']
  ] as const
  for (const [code, error] of wanted) t.equal(failureOf(error, false).code, code, String(error))
})

t.test('several addresses that fail are as one', async t => {
  const refused = systemError('ECONNREFUSED', 'connect')
  t.equal(failureOf(new AggregateError([refused, refused]), false).code, 'UPSTREAM_UNREACHABLE')
  t.equal(failureOf(new AggregateError([]), false).code, 'INTERNAL')
})

t.test('once an answer has begun there is only one way left to fail', async t => {
  t.equal(failureOf(systemError('ECONNRESET', 'read'), true).code, 'UPSTREAM_INCOMPLETE')
  t.equal(failureOf(new errors.BodyTimeoutError(), true).code, 'UPSTREAM_INCOMPLETE')
})
