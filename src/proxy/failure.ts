// The one table of failures: every request that the gateway itself cannot complete ends in one of these.
import { errors } from './undici.ts'

/** Whose doing it was: decides the log level and what an operator looks at first. */
export type Side = 'caller' | 'upstream' | 'gateway'

export type Failure = {
  /** The `failure` of access log and spans (`error.type`). */
  readonly code: string
  readonly status: number
  readonly side: Side
  /** For people; holds no byte of any request. */
  readonly message: string
  /** What follows on the caller's connection cannot be relied on. */
  readonly closes?: boolean
  /** Seconds, for Retry-After: it may go better then. */
  readonly retryAfter?: number
  /** A call by gRPC ends with this status of its own, in place of one of HTTP. */
  readonly grpc?: number
}

/** In the order of a request's life; README.md shows this table. */
export const failures = {
  badRequest: {
    code: 'BAD_REQUEST',
    status: 400,
    side: 'caller',
    message: 'the request is not valid HTTP',
    closes: true
  },
  ambiguousRequest: {
    code: 'AMBIGUOUS_REQUEST',
    status: 400,
    side: 'caller',
    message:
      'the path or the name of a field could be read as another; see paths and underscores in the rules'
  },
  requestTimeout: {
    code: 'REQUEST_TIMEOUT',
    status: 408,
    side: 'caller',
    message: 'the request did not arrive in time',
    closes: true
  },
  targetTooLong: {
    code: 'TARGET_TOO_LONG',
    status: 414,
    side: 'caller',
    message: 'path and query of the request are too long',
    closes: true
  },
  bodyTooLarge: {
    code: 'BODY_TOO_LARGE',
    status: 413,
    side: 'caller',
    message: 'the body of the request is too large',
    closes: true
  },
  expectationFailed: {
    code: 'EXPECTATION_FAILED',
    status: 417,
    side: 'caller',
    message: 'an expectation other than 100-continue',
    closes: true
  },
  headerTooLarge: {
    code: 'HEADER_TOO_LARGE',
    status: 431,
    side: 'caller',
    message: 'the header of the request is too large'
  },
  methodNotAllowed: {
    code: 'METHOD_NOT_ALLOWED',
    status: 405,
    side: 'caller',
    message: 'a gateway answers no request of this method'
  },
  notImplemented: {
    code: 'NOT_IMPLEMENTED',
    status: 501,
    side: 'caller',
    message: 'a transfer coding other than chunked',
    closes: true
  },
  versionNotSupported: {
    code: 'VERSION_NOT_SUPPORTED',
    status: 505,
    side: 'caller',
    message: 'a version of HTTP that the gateway does not speak',
    closes: true
  },
  loopDetected: {
    code: 'LOOP_DETECTED',
    status: 508,
    side: 'caller',
    message: 'the request has come through this gateway too often'
  },
  routeNotFound: {
    code: 'ROUTE_NOT_FOUND',
    status: 404,
    side: 'caller',
    message: 'no route of the rules matches this request'
  },
  upgradeRefused: {
    code: 'UPGRADE_REFUSED',
    status: 403,
    side: 'caller',
    message: 'the route of this request has no upgrade: [websocket]',
    closes: true
  },
  upgradeVersion: {
    code: 'UPGRADE_VERSION',
    status: 426,
    side: 'caller',
    message: 'a version of WebSocket other than 13',
    closes: true
  },
  upstreamUnreachable: {
    code: 'UPSTREAM_UNREACHABLE',
    status: 503,
    side: 'upstream',
    message: 'the upstream could not be connected to'
  },
  upstreamOverloaded: {
    code: 'UPSTREAM_OVERLOADED',
    status: 503,
    side: 'upstream',
    message: 'as many requests as may wait for the upstream are waiting',
    retryAfter: 1
  },
  upstreamReset: {
    code: 'UPSTREAM_RESET',
    status: 502,
    side: 'upstream',
    message: 'the upstream closed the connection before it answered'
  },
  upstreamInvalid: {
    code: 'UPSTREAM_INVALID',
    status: 502,
    side: 'upstream',
    message: 'the answer of the upstream is not valid HTTP'
  },
  upstreamTimeout: {
    code: 'UPSTREAM_TIMEOUT',
    status: 504,
    side: 'upstream',
    message: 'the upstream did not begin its answer in time'
  },
  // The caller set it, maybe shorter than anybody could meet: no target is to be left out for it.
  deadlineExceeded: {
    code: 'DEADLINE_EXCEEDED',
    status: 504,
    side: 'caller',
    message: 'the deadline that the caller set for the call has passed',
    grpc: 4
  },
  upstreamIncomplete: {
    code: 'UPSTREAM_INCOMPLETE',
    status: 502,
    side: 'upstream',
    message: 'the upstream did not finish its answer; the connection was cut so that the caller can tell'
  },
  callerGone: {
    code: 'CALLER_GONE',
    status: 499,
    side: 'caller',
    message: 'the caller closed the connection before the answer was complete'
  },
  callerStalled: {
    code: 'CALLER_STALLED',
    status: 499,
    side: 'caller',
    message: 'the caller did not take its answer in time; the connection was cut'
  },
  overloaded: {
    code: 'OVERLOADED',
    status: 503,
    side: 'gateway',
    message: 'the gateway has too much to do',
    closes: true,
    retryAfter: 1
  },
  internal: {
    code: 'INTERNAL',
    status: 500,
    side: 'gateway',
    message: 'an error in the gateway; its log has it'
  }
} as const satisfies Readonly<Record<string, Failure>>

/** What the system was asked to do when nothing had reached the upstream yet. */
const connecting: ReadonlySet<string> = new Set(['connect', 'getaddrinfo'])

// https://nodejs.org/api/tls.html#x509-certificate-error-codes and those of OpenSSL
const tlsRefused =
  /^(?:EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$)/

/** The failure behind an error of a connection, of undici's kinds; `answered` once the header of an answer has gone to the caller. */
export function failureOf(error: unknown, answered: boolean): Failure {
  if (answered) return failures.upstreamIncomplete
  // Several addresses of one host fail as one error that holds the others.
  const first = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
  if (first instanceof errors.HTTPParserError) return failures.upstreamInvalid
  const code = textOf(first, 'code')
  if (code === undefined) return failures.internal
  const call = textOf(first, 'syscall')
  if (call !== undefined && connecting.has(call)) return failures.upstreamUnreachable
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || tlsRefused.test(code)) return failures.upstreamUnreachable
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return failures.upstreamTimeout
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
    return failures.badRequest
  if (code === 'UND_ERR_NOT_SUPPORTED') return failures.badRequest
  if (call !== undefined || code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return failures.upstreamReset
  return code.startsWith('UND_ERR') ? failures.upstreamInvalid : failures.internal
}

/** What the system, or whoever carried it, calls the error; low in cardinality. */
export function causeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
  return textOf(first, 'code')
}

function textOf(error: unknown, key: 'code' | 'syscall'): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined
  return typeof value === 'string' ? value : undefined
}
