// Answers in which silence means that nothing has happened, not that somebody is gone.
import { isGrpc } from '../report/grpc.ts'

// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
const events = /^text\/event-stream(?:$|[ \t;])/i

/** By the type of an answer: the idle timeout does not end these. */
export function isEndless(contentType: string | undefined): boolean {
  return contentType !== undefined && (events.test(contentType) || isGrpc(contentType))
}
