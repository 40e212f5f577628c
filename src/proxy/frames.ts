// Follows WebSocket frames as they pass, to know where one ends and which closes. It changes nothing, keeps no
// payload, and judges nothing: that is for the two who speak.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2

export type Frames = {
  /** The next bytes of one direction, in whatever pieces they come. */
  readonly take: (bytes: Buffer) => void
  /** Whether the last frame is whole: only here may another one follow. */
  readonly between: () => boolean
  /** Whether a close frame has passed; after it there are no others. */
  readonly closed: () => boolean
  /** What it said; 1005 for nothing. https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
  readonly code: () => number | undefined
}

const close = 8
const noCode = 1005

export function createFrames(): Frames {
  /** Of the header, or of the code that begins a close frame. */
  const held = Buffer.alloc(16)
  let length = 0
  /** Bytes of payload that are still to come. */
  let rest = 0
  let closed = false
  let code: number | undefined

  function header(byte: number): void {
    held[length++] = byte
    const size = sizeOf(held, length)
    if (size === undefined || length < size) return
    const opcode = (held[0] ?? 0) & 0x0f
    rest = payloadOf(held)
    if (opcode !== close || closed) {
      length = 0
      return
    }
    closed = true
    // The code is read behind the header, where the mask is at hand.
    if (rest < 2) {
      code = noCode
      length = 0
    }
  }

  function closing(byte: number): void {
    const size = sizeOf(held, 2) ?? 0
    held[length++] = byte
    rest--
    if (length < size + 2) return
    const masked = ((held[1] ?? 0) & 0x80) !== 0
    const at = (index: number) => (held[size + index] ?? 0) ^ (masked ? (held[size - 4 + index] ?? 0) : 0)
    code = at(0) * 256 + at(1)
    length = 0
  }

  return {
    take: bytes => {
      for (let at = 0; at < bytes.length; ) {
        if (closed && code === undefined) closing(bytes[at++] ?? 0)
        else if (rest > 0) {
          const skipped = Math.min(rest, bytes.length - at)
          rest -= skipped
          at += skipped
        } else header(bytes[at++] ?? 0)
      }
    },
    between: () => length === 0 && rest === 0,
    closed: () => closed,
    code: () => code
  }
}

/** Bytes of a frame's header; undefined where its second byte has not come. */
function sizeOf(head: Buffer, length: number): number | undefined {
  if (length < 2) return undefined
  const second = head[1] ?? 0
  const short = second & 0x7f
  return 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0)
}

function payloadOf(head: Buffer): number {
  const short = (head[1] ?? 0) & 0x7f
  if (short === 126) return head.readUInt16BE(2)
  // Beyond 2^53 it is no longer exact, nor will anybody live to see its end.
  return short === 127 ? head.readUInt32BE(2) * 2 ** 32 + head.readUInt32BE(6) : short
}
