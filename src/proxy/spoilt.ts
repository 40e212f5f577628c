// A connection on which something came that is no request, behind one that was. What is under way there is ended so that
// its caller can tell, and nothing that follows is read as a request.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { part } from './parting.ts'

/** What is under way on a connection. */
export type Asked = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Ends the exchange: the body of its request makes no sense. */
  readonly spoil: () => void
}

/** Sees to what is under way; false where nothing is, and somebody has to be answered. */
export function endsItself({ request, response, spoil }: Asked, socket: Socket): boolean {
  if (response.writableFinished) return false
  // Nobody can say where the body ends, nor may the upstream take what came of it for whole.
  if (!request.complete) spoil()
  else {
    // The answer is owed all the same: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    if (!response.headersSent) response.shouldKeepAlive = false
    response.once('finish', () => part(socket))
  }
  return true
}
