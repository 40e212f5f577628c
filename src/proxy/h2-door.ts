// HTTP/2 in front: sessions on sockets that a door hands over, and from each of their streams a question and an
// answer. It bounds what one session may cost; it must not know what questions are about.
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { StreamAnswer } from './h2-answer.ts'
import { StreamQuestion } from './h2-question.ts'
import { readRequest, type StreamRequest } from './h2-request.ts'
import { createWatch, type WatchPatience } from './h2-watch.ts'
import { createSweep, type Looked, unseated } from './sweep.ts'

/** `faulty` for a header that says two different things. */
export type ServeStream = (question: StreamQuestion, answer: StreamAnswer, faulty: boolean) => void

export type StreamDoor = {
  /** A connection whose caller speaks HTTP/2; the bytes read of it so far are unshifted. */
  readonly accept: (socket: Socket) => void
  /** Tells every caller to take its next request elsewhere; requests under way end. */
  readonly drain: () => void
  /** Ends what is left. */
  readonly cut: () => void
}

export type StreamLimits = {
  /** Bytes and number of fields of a request's header; a stream with more is refused. */
  readonly header: number
  readonly fields: number
  /** Streams of one session, then its caller is to make another; 0 for any number. */
  readonly requests: number
}

export type StreamDoorOptions = {
  readonly serve: ServeStream
  /** As of now; a session keeps the sizes that it came with. */
  readonly limits: () => StreamLimits
  /** How long a session may be without streams, and how long a header may take. */
  readonly patience: () => WatchPatience
  /** Whether sessions are to end as soon as they can. */
  readonly retiring: () => boolean
}

/** Streams at once. https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2 asks for no fewer. */
const maxConcurrentStreams = 100
/**
 * Streams that the caller ended ahead of their answers, within a window, that go for a change of mind; more is an attack,
 * whatever their code says: CVE-2023-44487.
 */
const resets = 200
const resetWindow = 10_000
const endStream = constants.NGHTTP2_FLAG_END_STREAM

export function createStreamDoor(options: StreamDoorOptions): StreamDoor {
  const { serve, limits, patience, retiring } = options
  /** Sockets outlive them where a caller does not hang up. */
  const sessions = new Map<ServerHttp2Session, Socket>()
  const sweep = createSweep()
  /** Whose session is being made: a session shows a stand-in of its socket, which no table knows. */
  let arriving: Socket | undefined
  let current: ReturnType<typeof serverFor> | undefined

  /** node:http2 takes these at a server's making; it costs little, for it listens to nothing. */
  function serverFor({ header, fields }: StreamLimits) {
    const server = createServer({
      settings: { maxConcurrentStreams, maxHeaderListSize: header, enablePush: false },
      // Pseudo-fields come on top.
      maxHeaderListPairs: fields + 4,
      // nghttp2's own bounds, beneath ours: CONTINUATION, PING, SETTINGS and window floods end the session.
      maxSettings: 32,
      maxOutstandingPings: 4,
      maxSessionInvalidFrames: 50,
      maxSessionRejectedStreams: 100,
      // Of answers: what an upstream says twice is said twice.
      strictSingleValueFields: false
    })
    server.on('session', receive)
    return { server, header, fields }
  }

  function receive(session: ServerHttp2Session): void {
    const socket = arriving
    if (socket === undefined) return session.destroy()
    let open = 0
    let seen = 0
    let retired = false
    let counted = 0
    let since = 0
    let frames = 0
    const watch = createWatch()
    const looked: Looked = {
      seat: unseated,
      look: time => {
        const { bytesRead: received } = socket
        const closed = session.closed || session.destroyed
        const due = watch(time, { open, received, frames, closed }, patience())
        if (due === 'idle') session.close()
        else if (due === 'slow') end()
        else if (due === 'left') socket.destroy()
      }
    }
    const end = () => {
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
      session.destroy()
    }
    const heard = () => {
      frames++
    }
    sessions.set(session, socket)
    sweep.add(looked)
    socket.once('close', () => {
      sweep.delete(looked)
      sessions.delete(session)
    })
    // Whatever a caller's bytes did to it is over with it.
    session.on('error', () => {})
    session.on('ping', heard)
    session.on('remoteSettings', heard)
    session.on('localSettings', heard)
    session.on('stream', (stream, _headers, flags, raw) => {
      open++
      seen++
      frames++
      const { requests } = limits()
      if (!retired && ((requests > 0 && seen >= requests) || retiring())) {
        retired = true
        // It says which stream is the last: those behind it were not begun, and may go elsewhere whatever they ask.
        // https://www.rfc-editor.org/rfc/rfc9113#section-6.8
        session.close()
      }
      const answer = take(stream, socket, raw, (flags & endStream) !== 0)
      stream.once('close', () => {
        open--
        frames++
        if (answer.writableFinished || answer.cut) return
        const now = performance.now()
        if (now - since > resetWindow) {
          since = now
          counted = 0
        }
        if (++counted > resets && !session.destroyed) end()
      })
    })
  }

  function take(stream: ServerHttp2Stream, socket: Socket, raw: string[], whole: boolean): StreamAnswer {
    // A stream that breaks is told of by its close.
    stream.on('error', () => {})
    const asked = readRequest(raw)
    const question = new StreamQuestion(stream, socket, asked ?? nothing, whole)
    const answer = new StreamAnswer(stream, question)
    serve(question, answer, asked === undefined)
    return answer
  }

  return {
    accept: socket => {
      // node:http leaves sockets open whose callers have ended them; a session would never hear of it.
      socket.allowHalfOpen = false
      const now = limits()
      if (current?.header !== now.header || current.fields !== now.fields) current = serverFor(now)
      arriving = socket
      current.server.emit('connection', socket)
      arriving = undefined
    },
    drain: () => {
      for (const session of sessions.keys()) session.close()
    },
    cut: () => {
      for (const [session, socket] of sessions) {
        session.destroy()
        // Of a session that is over already, nothing else would end it.
        socket.destroy()
      }
    }
  }
}

const nothing: StreamRequest = { method: '', path: '', fields: [] }
