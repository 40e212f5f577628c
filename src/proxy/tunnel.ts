// An upgraded connection, from the 101 to its end: who is still there, how much passed, and how it ends. Must not know
// how it came about (upgrade.ts), nor what is told of it.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { createFrames, type Frames } from './frames.ts'

/** Who ended it. A connection that broke off counts for its side. */
export type Ender = 'caller' | 'upstream' | 'idle' | 'drain'

export type TunnelEnd = {
  readonly by: Ender
  /** It broke off: a reset, not an end. */
  readonly broken: boolean
  /** Of the first close frame; undefined where there was none. */
  readonly code: number | undefined
  /** Bytes from the caller, and to it. */
  readonly received: number
  readonly sent: number
}

export type TunnelOptions = {
  readonly caller: Duplex
  readonly upstream: Duplex
  /** Milliseconds without a byte in either direction; 0 for ever. */
  readonly idle: number
  /** Called once, when both connections are gone. */
  readonly over: (end: TunnelEnd) => void
}

export type Tunnels = {
  /** Both are piped into each other already; nothing has flowed yet. */
  readonly open: (options: TunnelOptions) => void
  readonly count: () => number
  /** Tells everybody on both sides that this end is going away, and so who is still to come. */
  readonly farewell: () => void
  /** Cuts what is left. */
  readonly cut: () => void
  /** Resolves when the last one is over and told of. */
  readonly ended: () => Promise<void>
}

/** Milliseconds that one side has to end after the other has, or after it was told to. */
const defaultLinger = 5_000
/** An endpoint is going away. https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
const goingAway = Buffer.from([0x03, 0xe9])

/** All that are open at one gateway: node:http forgets a connection when it is upgraded. */
export function createTunnels(linger = defaultLinger): Tunnels {
  const all = new Set<Tunnel>()
  let emptied: (() => void) | undefined
  let leaving = false
  return {
    open: options => {
      const over = (end: TunnelEnd) => {
        all.delete(tunnel)
        options.over(end)
        if (all.size === 0) emptied?.()
      }
      const tunnel = new Tunnel({ ...options, over }, linger)
      all.add(tunnel)
      if (leaving) tunnel.leave('drain')
    },
    count: () => all.size,
    farewell: () => {
      leaving = true
      for (const tunnel of all) tunnel.leave('drain')
    },
    cut: () => {
      for (const tunnel of all) tunnel.cut('drain')
    },
    ended: () =>
      new Promise(resolve => {
        emptied = resolve
        if (all.size === 0) resolve()
      })
  }
}

/** One direction. */
type Way = {
  readonly from: Duplex
  readonly to: Duplex
  readonly frames: Frames
  /** Only callers mask what they send. https://www.rfc-editor.org/rfc/rfc6455#section-5.1 */
  readonly masks: boolean
  bytes: number
  /** Our own close frame has gone this way: nothing else follows it. */
  parted: boolean
}

/** A resource: it lives until both its connections are closed. */
class Tunnel {
  readonly #up: Way
  readonly #down: Way
  readonly #over: TunnelOptions['over']
  readonly #timer: NodeJS.Timeout | undefined
  readonly #linger: number
  #lingering: NodeJS.Timeout | undefined
  #by: Ender | undefined
  #broken = false
  #code: number | undefined
  #leaving = false
  #open = 2

  constructor({ caller, upstream, idle, over }: TunnelOptions, linger: number) {
    this.#linger = linger
    this.#up = { from: caller, to: upstream, frames: createFrames(), masks: true, bytes: 0, parted: false }
    this.#down = { from: upstream, to: caller, frames: createFrames(), masks: false, bytes: 0, parted: false }
    this.#over = over
    this.#timer = idle === 0 ? undefined : setTimeout(() => this.leave('idle'), idle)
    this.#watch(this.#up, 'caller')
    this.#watch(this.#down, 'upstream')
  }

  #watch(way: Way, side: 'caller' | 'upstream'): void {
    const { from, to } = way
    from.on('data', (chunk: Buffer) => this.#passed(way, chunk, side))
    from.on('end', () => {
      this.#ends(side)
      // No pipe passes it on any more.
      if (way.parted) to.end()
    })
    from.on('error', () => {
      this.#broken ||= this.#by === undefined
      this.#ends(side)
    })
    from.on('close', () => {
      this.#ends(side)
      if (--this.#open === 0) return this.#closed()
      // Nobody is left to hear what the other side still says; what it is owed goes out before the end.
      to.end()
      to.resume()
    })
  }

  #passed(way: Way, chunk: Buffer, side: 'caller' | 'upstream'): void {
    way.bytes += chunk.length
    this.#timer?.refresh()
    const before = way.frames.closed()
    way.frames.take(chunk)
    this.#code ??= way.frames.code()
    if (!before && way.frames.closed()) this.#by ??= side
    // Who ends only its own direction may still be listening.
    if (!this.#leaving && this.#open === 2) this.#lingering?.refresh()
    if (!this.#leaving) return
    this.#part(way)
    // It has heard us: whoever serves closes the connection. https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1
    if (way.frames.closed()) way.from.end()
  }

  /** The first to end, or to break off, is the one that ended it; the other has not for ever to follow. */
  #ends(side: 'caller' | 'upstream'): void {
    this.#by ??= side
    this.#hurry()
  }

  #hurry(): void {
    this.#lingering ??= setTimeout(() => this.#destroy(), this.#linger)
  }

  /** Says 1001 both ways, each behind the frame that is passing, and lets both end. */
  leave(by: Ender): void {
    if (this.#leaving) return
    this.#by ??= by
    this.#leaving = true
    if (by === 'idle') this.#hurry()
    this.#part(this.#up)
    this.#part(this.#down)
  }

  /** Nothing passes behind our close frame, and none goes behind somebody's own or into the middle of another. */
  #part(way: Way): void {
    const { from, to, frames, masks } = way
    if (way.parted || !frames.between() || frames.closed()) return
    way.parted = true
    from.unpipe(to)
    // What still comes is dropped; the close frame in answer to ours is looked out for.
    from.resume()
    if (to.writable) to.write(closeFrame(masks))
    this.#code ??= goingAway.readUInt16BE(0)
  }

  cut(by: Ender): void {
    this.#by ??= by
    this.#destroy()
  }

  #destroy(): void {
    this.#up.from.destroy()
    this.#down.from.destroy()
  }

  #closed(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#lingering)
    this.#over({
      by: this.#by ?? 'caller',
      broken: this.#broken,
      code: this.#code,
      received: this.#up.bytes,
      sent: this.#down.bytes
    })
  }
}

function closeFrame(masked: boolean): Buffer {
  if (!masked) return Buffer.from([0x88, goingAway.length, ...goingAway])
  const mask = randomBytes(4)
  return Buffer.from([
    0x88,
    0x80 | goingAway.length,
    ...mask,
    ...goingAway.map((byte, index) => byte ^ (mask[index] ?? 0))
  ])
}
