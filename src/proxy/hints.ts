// What goes to callers ahead of a body, where node:http would get a byte of it wrong. Must not decide what.
import type { Answer } from './sides.ts'

/** 103 with these values of Link, to a caller whose turn it is. https://www.rfc-editor.org/rfc/rfc8297 */
export function sendHints(answer: Answer, links: string[]): void {
  if (answer.headersSent) return
  if (answer.hint !== undefined) return answer.hint(links)
  // `writeEarlyHints` refuses two links in one value, as most servers write them. Before its turn there is no socket.
  const lines = links.map(link => `Link: ${link}\r\n`).join('')
  answer.socket?.write(`HTTP/1.1 103 Early Hints\r\n${lines}\r\n`, 'latin1')
}

/** The header of an answer whose body is still to come. */
export function sendHead(answer: Answer, method: string, status: number): void {
  // Between its destruction and its close a write would be an error, and flushing is nothing.
  if (answer.destroyed) return
  const bodiless = method === 'HEAD' || status === 204 || status === 304
  // `flushHeaders` of node:http writes UTF-8, where `write` knows latin1; but with no body it must not be called.
  if (answer.reset !== undefined || bodiless) answer.flushHeaders()
  else answer.write('', 'latin1')
}

// https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
const expected = /^100-continue$/i

/** Whether a caller waits before it sends the body; never one of HTTP/1.0. */
export function waits(httpVersion: string, expect: string | undefined): boolean {
  return expect !== undefined && httpVersion !== '1.0' && expected.test(expect)
}
