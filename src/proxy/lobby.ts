// Callers' connections while nothing is asked on them: before the first byte, and between requests. They wait here on
// next to nothing, and are shown to whoever speaks their protocol when something comes. It must not know requests.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { protocolOf } from './preface.ts'
import { createRush } from './rush.ts'
import { count, type Host, Visit } from './visit.ts'

/** Milliseconds; 0 for ever. */
export type LobbyPatience = {
  /** For a connection to say what it speaks. */
  readonly header: number
  /** For the next request. */
  readonly keepAlive: number
}

export type LobbyOptions = {
  readonly http1: (connection: Duplex) => void
  /** Undefined where nothing has to be told apart. */
  readonly h2: ((socket: Socket) => void) | undefined
  readonly patience: () => LobbyPatience
  /** Connections that node:http has for good, at most: it reads them itself, which is quicker, and few cost it little. */
  readonly residents: number
  /** Closes all visits on which nothing is asked, and so calls for their `destroy`. */
  readonly closeIdle: () => void
}

export type Lobby = {
  /** Takes a new connection in. */
  readonly receive: (socket: Socket) => void
  /** Lets go of a connection that leaves HTTP. */
  readonly release: (socket: Socket) => void
  /** Ends the connections on which nothing is asked. */
  readonly clear: () => void
}

type Guest = {
  readonly socket: Socket
  /** With node:http, for now. */
  visit: Visit | undefined
  /** With node:http, for good. */
  moved: boolean
  /** What was said so far, where it does not tell the protocol. */
  said: Buffer | undefined
  /** That it has brought before this visit. */
  requests: number
  /** Since when it waits here, by the lobby's clock. */
  since: number
}

/** Milliseconds between looks at who waits too long, and at who need not be with node:http. */
const look = 250
const rest = 1_000
/** Of the time to the next request, as node:http has it: the caller's own, which it is told, should end first. */
const grace = 1_000
/** Visits on which nothing need be asked; with so many more, who is idle leaves at once. */
const spare = 512

export function createLobby({ http1, h2, patience, residents, closeIdle }: LobbyOptions): Lobby {
  const guests = new Map<Socket, Guest>()
  /** Who has not said what it speaks, and who waits for its next request; both by how long. */
  const fresh = new Set<Guest>()
  const idle = new Set<Guest>()
  const rush = createRush()
  let visits = 0
  let moved = 0
  let rested = 0
  let room = spare
  let parting: 'nobody' | 'whoever rests' | 'everybody' = 'nobody'
  let ending = false
  let ticks = 0
  let timer: NodeJS.Timeout | undefined

  const host: Host = {
    closing: visit => {
      if (parting === 'nobody') return 'connection ends'
      if (parting === 'everybody' || !visit.stirred) return 'visit ends'
      visit.stirred = false
      return 'stays'
    },
    left: ({ raw, requests }) => {
      const guest = guests.get(raw)
      if (guest === undefined) return
      visits--
      rested++
      guest.visit = undefined
      guest.requests = requests
      guest.since = performance.now()
      idle.add(guest)
    }
  }

  function heard(this: Socket, chunk: Buffer): void {
    const guest = guests.get(this)
    if (guest === undefined) return
    if (guest.visit !== undefined) guest.visit.hear(chunk)
    else if (h2 === undefined || !fresh.has(guest)) begin(guest, chunk)
    else {
      const said = guest.said === undefined ? chunk : Buffer.concat([guest.said, chunk])
      const protocol = protocolOf(said)
      if (protocol === 'http1') begin(guest, said)
      else if (protocol === 'h2') handOver(guest, said, h2)
      else guest.said = said
    }
  }

  function begin(guest: Guest, said: Buffer): void {
    guest.said = undefined
    fresh.delete(guest)
    idle.delete(guest)
    if (moved < residents) return move(guest, said)
    invite(guest).hear(said)
  }

  function invite(guest: Guest): Visit {
    if (++visits > room) part('everybody')
    const made = new Visit(guest.socket, guest.requests, host)
    guest.visit = made
    http1(made)
    return made
  }

  function move(guest: Guest, said: Buffer): void {
    const { socket, requests } = guest
    moved++
    guest.moved = true
    count(socket, requests)
    // It is no visit that could end.
    Object.defineProperty(socket, 'destroy', { value: stay, configurable: true, writable: true })
    socket.off('data', heard)
    socket.off('end', ended)
    socket.off('error', broke)
    socket.unshift(said)
    http1(socket)
  }

  /** What node:http does to those that are idle, while visits are asked to end. */
  function stay(this: Socket, error?: Error): void {
    const ends = parting === 'nobody' || (ending && this.writableLength === 0)
    if (ends || error !== undefined) Reflect.apply(Duplex.prototype.destroy, this, [error])
  }

  function handOver(guest: Guest, said: Buffer, to: (socket: Socket) => void): void {
    const { socket } = guest
    release(socket)
    socket.unshift(said)
    to(socket)
  }

  function ended(this: Socket): void {
    const guest = guests.get(this)
    if (guest === undefined) return
    const { said, visit } = guest
    if (visit !== undefined) visit.hearEnd()
    else if (said === undefined || !fresh.has(guest)) this.destroy()
    else {
      // Half a preface is half a request.
      fresh.delete(guest)
      const last = invite(guest)
      last.hear(said)
      last.hearEnd()
    }
  }

  function broke(this: Socket, error: Error): void {
    guests.get(this)?.visit?.destroy(error)
  }

  function closed(this: Socket): void {
    const guest = forget(this)
    guest?.visit?.destroy()
  }

  function forget(socket: Socket): Guest | undefined {
    const guest = guests.get(socket)
    if (guest === undefined) return undefined
    guests.delete(socket)
    fresh.delete(guest)
    idle.delete(guest)
    if (guest.visit !== undefined) visits--
    if (guest.moved) moved--
    // Who has nobody sleeps.
    if (guests.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
    return guest
  }

  function release(socket: Socket): void {
    forget(socket)
    // Else what comes until somebody listens would be lost.
    socket.pause()
    socket.off('data', heard)
    socket.off('end', ended)
    socket.off('error', broke)
    socket.off('close', closed)
  }

  function part(whom: 'whoever rests' | 'everybody'): void {
    parting = whom
    closeIdle()
    parting = 'nobody'
    // Where most are busy it is of no use to ask again soon.
    room = visits + Math.max(spare, visits)
  }

  function tick(): void {
    const now = performance.now()
    const { header, keepAlive } = patience()
    if (header > 0) endBefore(fresh, now - header)
    if (keepAlive > 0) endBefore(idle, now - keepAlive - grace)
    ticks++
    if (ticks % (rest / look) !== 0) return
    part('whoever rests')
    rush(rested, visits)
    rested = 0
  }

  return {
    receive: socket => {
      const guest: Guest = {
        socket,
        visit: undefined,
        moved: false,
        said: undefined,
        requests: 0,
        since: performance.now()
      }
      guests.set(socket, guest)
      fresh.add(guest)
      socket.on('error', broke)
      socket.on('end', ended)
      socket.on('close', closed)
      socket.on('data', heard)
      timer ??= setInterval(tick, look).unref()
    },
    release,
    clear: () => {
      // Out here first: what node:http calls idle may still be on its way to the caller.
      ending = true
      part('everybody')
      ending = false
      for (const { socket, said } of fresh) if (said === undefined) socket.destroy()
      for (const { socket } of idle) socket.destroy()
    }
  }
}

/** They are in the order in which they came. */
function endBefore(guests: ReadonlySet<Guest>, time: number): void {
  for (const { socket, since } of guests) {
    if (since > time) return
    socket.destroy()
  }
}
