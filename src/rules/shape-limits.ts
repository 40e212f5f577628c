// The shape of what rules say of limits: of listeners, of routes, of the whole process. Must not know defaults
// (settle-limits.ts).
import * as v from 'valibot'
import { key, table } from './notation.ts'
import { count, duration } from './shape-values.ts'
import { parseSize, parseWorkers } from './values.ts'

const expectedSize = 'expected a size such as 512B, 32KiB, 10MiB or 1GiB, or a number of bytes'

/** Text or bytes to bytes. */
export const size = v.pipe(
  v.union([v.string(), v.number()], expectedSize),
  v.rawTransform(({ dataset, addIssue, NEVER }): number => {
    const value = parseSize(dataset.value)
    if (value !== undefined) return value
    addIssue({ message: expectedSize })
    return NEVER
  })
)

const expectedWorkers = 'expected auto, or a number of processes from 1 to 256'

/** Also as text, as a flag or the environment has it. */
export const workers = v.pipe(
  v.union([v.string(), v.number()], expectedWorkers),
  v.rawTransform(({ dataset, addIssue, NEVER }): number | 'auto' => {
    const value = parseWorkers(dataset.value)
    if (value !== undefined) return value
    addIssue({ message: expectedWorkers })
    return NEVER
  })
)

/** Of a header; what is shorter no server could send. */
export const headerSize = v.pipe(size, v.minValue(1024, 'expected a size of 1KiB at least'))

const some = count(1, 'expected a whole number from 1 up')

export const listenLimits = table({
  header: key(
    'Bytes of the header of a request, at most; more is answered 431, or ends the stream of HTTP/2.',
    headerSize
  ),
  fields: key(
    'Header fields of a request, at most; more is answered 431, or ends the stream of HTTP/2.',
    some
  ),
  target: key('Bytes of path and query together, at most; more is answered 414.', size),
  connections: key('Connections at a time; more are closed at once.', some),
  requests: key('Requests on one connection, which then ends.', some)
})

export const listenTimeouts = table({
  handshake: key('For a TLS handshake.', duration),
  header: key('For the header of a request.', duration),
  request: key('From the header of a request to the end of its body; 0s waits for ever.', duration),
  'keep-alive': key(
    'Without a request on a connection; longer than load balancers in front keep theirs.',
    duration
  ),
  write: key('For a caller to take what waits for it, 64 KiB or so; 0s waits for ever.', duration)
})

const body = key('Bytes of the body of a request, at most; more is answered 413.', size)

export const routeLimits = table({ body })

export const limits = table({
  body,
  'in-flight': key('Requests at a time, of one process; more are answered 503.', some)
})

export const drain = table({
  linger: key(
    'After SIGTERM: how long new connections are still taken, each to end with its answer, while /readyz says 503.',
    duration
  ),
  timeout: key('How long requests in flight then have to end.', duration)
})

export const overload = v.union(
  [
    v.literal('none'),
    table({
      delay: key('A delay of the event loop (p99) that is too much.', duration),
      memory: key('Resident memory that is too much.', size)
    })
  ],
  'expected none or a map'
)

export type DecodedListenLimits = v.InferOutput<typeof listenLimits>
export type DecodedListenTimeouts = v.InferOutput<typeof listenTimeouts>
export type DecodedLimits = v.InferOutput<typeof limits>
export type DecodedDrain = v.InferOutput<typeof drain>
export type DecodedOverload = v.InferOutput<typeof overload>
