// Where OpenTelemetry's propagators and our dialects are known to write differently what both read alike.
// Each has an example: one on which both agree again has to leave this list.
import {
  has,
  lacks,
  memberShape,
  members,
  parent,
  type reading,
  span,
  trace,
  withState
} from './differences.ts'

/** In what is written of that which both read alike. */
export const relaying: typeof reading = {
  w3c: [
    {
      reason: 'of the flags only those known go on: an unknown high one would make three digits of two',
      example: [['traceparent', `00-${trace}-${span}-ff`]],
      when: lacks('traceparent', /-0[0-3](?:-.*)?$/)
    },
    {
      reason: 'a list of which nothing is left is not worth a field',
      example: withState(','),
      when: headers =>
        members(headers).length === 0 || !members(headers).every(member => memberShape.test(member))
    }
  ],
  b3: [
    {
      reason: 'the parent goes on',
      example: [['b3', `${trace}-${span}-1-${parent}`]],
      when: has('b3', /-[0-9a-f]{16}-.-/)
    },
    {
      reason: 'a trace that began with 64-bit ids keeps them',
      example: [['b3', `${trace.slice(16)}-${span}-1`]],
      when: has('b3', /^.{16}-/)
    }
  ],
  b3multi: [
    {
      reason: 'the parent goes on',
      example: [
        ['X-B3-TraceId', trace],
        ['X-B3-SpanId', span],
        ['X-B3-ParentSpanId', parent],
        ['X-B3-Sampled', '1']
      ],
      when: has('x-b3-parentspanid', /./)
    },
    {
      reason: 'a trace that began with 64-bit ids keeps them',
      example: [
        ['X-B3-TraceId', trace.slice(16)],
        ['X-B3-SpanId', span],
        ['X-B3-Sampled', '1']
      ],
      when: has('x-b3-traceid', /^.{2,16}$/)
    }
  ],
  jaeger: [
    {
      reason: 'flags are one digit, and debug and firehose are among them',
      example: [['uber-trace-id', `${trace}:${span}:0:3`]],
      when: () => true
    }
  ]
}
