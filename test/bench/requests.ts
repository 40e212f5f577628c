// The bytes of a load's requests, made before it begins.
import { randomBytes } from 'node:crypto'
import type { Load } from './loads.ts'

/** Each with a trace of its own, sampled by the caller, as instrumented callers send them. */
export function requestsOf(load: Load, distinct = 1024): readonly Buffer[] {
  const body = json(load.sends)
  return Array.from({ length: distinct }, () => Buffer.from(head(load) + body, 'latin1'))
}

function head({ method, path, sends, fields, context }: Load): string {
  const lines = ['host: shop.example.com', 'accept: */*', 'user-agent: bench', 'accept-encoding: gzip, br']
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  for (const dialect of context) lines.push(carry(dialect, traceId, spanId))
  if (sends > 0) lines.push('content-type: application/json', `content-length: ${sends}`)
  for (let i = lines.length; i < fields; i++) lines.push(`x-field-${i}: a value of some length`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

function carry(dialect: Load['context'][number], traceId: string, spanId: string): string {
  switch (dialect) {
    case 'w3c':
      // Flags 03: sampled, and the trace id is random.
      return `traceparent: 00-${traceId}-${spanId}-03`
    case 'b3':
      return `b3: ${traceId}-${spanId}-1`
    case 'jaeger':
      return `uber-trace-id: ${traceId}:${spanId}:0:1`
    case 'sw8': {
      const [trace, segment, service, instance, endpoint, peer] = [
        ...[traceId, `${traceId}.1.1`, 'web', 'web-1', '/page', 'shop:80']
      ].map(text => Buffer.from(text).toString('base64'))
      return `sw8: 1-${trace}-${segment}-0-${service}-${instance}-${endpoint}-${peer}`
    }
  }
}

/** An object of so many bytes, or nothing. */
function json(bytes: number): string {
  if (bytes === 0) return ''
  const [begin, close] = ['{"id":1,"text":"', '"}']
  return begin + 'x'.repeat(bytes - begin.length - close.length) + close
}
