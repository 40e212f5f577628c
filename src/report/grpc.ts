// The status of gRPC, which stands beside that of HTTP: its names, and which of them are errors. Pure.
// https://github.com/grpc/grpc/blob/master/doc/statuscodes.md

const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED'
]

/** As a server's own fault. https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
const serverErrors: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS'
])

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests; grpc-web has its trailers in the body
const contentType = /^application\/grpc(?:$|[+;])/i

export function isGrpc(type: unknown): boolean {
  return typeof type === 'string' && contentType.test(type)
}

const status = /^\d{1,2}$/

/** Undefined for what is none. */
export function grpcStatusOf(value: unknown): number | undefined {
  return typeof value === 'string' && status.test(value) ? Number(value) : undefined
}

/** Of an answer by gRPC; `unsaid` until it says one. */
export type GrpcStatus = number | 'unsaid'

/** `OK`; the number of one that has no name; undefined for what was not said. */
export function grpcNameOf(status: GrpcStatus | undefined): string | undefined {
  return typeof status === 'number' ? (names[status] ?? String(status)) : undefined
}

/** Whether it is an error of whoever served; to whoever asked, any but OK is one. */
export function isServerError(status: GrpcStatus | undefined): boolean {
  return isServerErrorName(grpcNameOf(status))
}

/** The same of a name. */
export function isServerErrorName(name: string | undefined): boolean {
  return serverErrors.has(name ?? '')
}
