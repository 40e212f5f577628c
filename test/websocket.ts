// WebSocket by hand: frames as bytes, and an upstream that speaks it on a plain socket. It checks nothing but lengths.
// https://www.rfc-editor.org/rfc/rfc6455
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Message, valueIn } from './message.ts'
import type { Respond } from './origin.ts'
import type { Asked } from './raw.ts'

export type Frame = { readonly opcode: number; readonly masked: boolean; readonly payload: Buffer }

export const text = 1
export const close = 8

/** One whole frame; masked as callers must. */
export function frame(opcode: number, payload: Buffer | string, masked = false): Buffer {
  const bytes = Buffer.from(payload)
  const size = bytes.length
  const length =
    size < 126
      ? Buffer.from([size])
      : size < 65_536
        ? Buffer.from([126, size >> 8, size & 255])
        : Buffer.from([127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255])
  if (!masked) return Buffer.concat([Buffer.from([0x80 | opcode]), length, bytes])
  length[0] = (length[0] ?? 0) | 0x80
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, mask, xor(bytes, mask)])
}

/** A close frame with a code. */
export function closing(code: number, masked = false): Buffer {
  return frame(close, Buffer.from([code >> 8, code & 255]), masked)
}

function xor(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
}

/** Calls back for each whole frame in what is pushed. */
export function createFrameReader(onFrame: (frame: Frame) => void): (bytes: Buffer) => void {
  let held: Buffer = Buffer.alloc(0)
  return bytes => {
    held = Buffer.concat([held, bytes])
    for (;;) {
      if (held.length < 2) return
      const second = held[1] ?? 0
      const masked = second >= 128
      const short = second & 127
      const wide = short === 127 ? 8 : short === 126 ? 2 : 0
      const start = 2 + wide + (masked ? 4 : 0)
      if (held.length < start) return
      const size = wide === 8 ? held.readUInt32BE(6) : wide === 2 ? held.readUInt16BE(2) : short
      if (held.length < start + size) return
      const payload = held.subarray(start, start + size)
      const opcode = (held[0] ?? 0) & 15
      held = held.subarray(start + size)
      onFrame({ opcode, masked, payload: masked ? xor(payload, heldMask(payload, start)) : payload })
    }
  }
}

/** The mask stands before the payload in the same memory. */
function heldMask(payload: Buffer, start: number): Buffer {
  return Buffer.from(payload.buffer, payload.byteOffset - (start >= 4 ? 4 : 0), 4)
}

/** The header of a 101 to this request. */
export function accepting(request: Message, more = ''): string {
  const key = valueIn(request, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`
}

/** Switches, and gives each frame back; a close is answered and ends the connection. */
export const echoing: Respond = (request, socket) => {
  socket.removeAllListeners('data')
  socket.on(
    'data',
    createFrameReader(({ opcode, payload }) => {
      socket.write(frame(opcode, payload))
      if (opcode === close) socket.end()
    })
  )
  return accepting(request)
}

/** Switches, and leaves the connection to the test. */
export function handing(onOpen: (socket: Socket) => void, more = ''): Respond {
  return (request, socket) => {
    socket.removeAllListeners('data')
    // Who does not read never hears of an end.
    socket.resume()
    socket.write(accepting(request, more), 'latin1')
    onOpen(socket)
    return undefined
  }
}

export const key = 'dGhlIHNhbXBsZSBub25jZQ=='

/** A request for WebSocket; `fields` come behind those of the handshake, and instead of those of the same name. */
export function asking({ path = '/ws', fields = [], ...rest }: Asked = {}): Asked {
  const own = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', key]
  ] as const
  const said = new Set(fields.map(([name]) => name.toLowerCase()))
  return { ...rest, path, fields: [...own.filter(([name]) => !said.has(name.toLowerCase())), ...fields] }
}
