// Writes protobuf into one buffer that grows and is used again; knows the wire types and no message.
// https://protobuf.dev/programming-guides/encoding/

const firstSize = 64 * 1024
// Below this, a loop beats the call into C++.
const shortText = 48

export class Writer {
  #bytes = Buffer.allocUnsafeSlow(firstSize)
  #at = 0

  /** Begins anew: what was written is gone. */
  reset(): void {
    this.#at = 0
  }

  /** A copy of what was written, for the buffer is used again. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at))
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#room(10)
    this.#at = put(this.#bytes, this.#at, value)
  }

  /** int64 of a safe integer; a negative one takes ten bytes. */
  int64(value: number): void {
    if (value >= 0) {
      this.varint(value)
      return
    }
    this.#room(10)
    // Two's complement, seven bits at a time, of which the topmost are all ones.
    let rest = value
    for (let i = 0; i < 9; i++) {
      const low = ((rest % 128) + 128) % 128
      this.#bytes[this.#at++] = low | 0x80
      rest = (rest - low) / 128
    }
    this.#bytes[this.#at++] = 1
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  fixed32(value: number): void {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32LE(value >>> 0, this.#at)
  }

  /** Two halves, for a number cannot hold 64 bits. */
  fixed64(low: number, high: number): void {
    this.fixed32(low)
    this.fixed32(high)
  }

  double(value: number): void {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  raw(bytes: Uint8Array): void {
    const { length } = bytes
    this.#room(length)
    if (length < shortText) {
      const own = this.#bytes
      const at = this.#at
      for (let i = 0; i < length; i++) own[at + i] = bytes[i] ?? 0
    } else {
      this.#bytes.set(bytes, this.#at)
    }
    this.#at += length
  }

  /** Hex digits as the bytes they stand for, length in front. */
  hex(digits: string): void {
    const length = digits.length >> 1
    this.varint(length)
    this.#room(length)
    const bytes = this.#bytes
    const at = this.#at
    for (let i = 0; i < length; i++) {
      const high = values[digits.charCodeAt(2 * i)] ?? 0
      bytes[at + i] = (high << 4) | (values[digits.charCodeAt(2 * i + 1)] ?? 0)
    }
    this.#at = at + length
  }

  /** UTF-8, length in front; `size` as utf8Size() gave it. */
  text(text: string, size: number): void {
    this.varint(size)
    this.#room(size)
    if (size === text.length && size < shortText) {
      const bytes = this.#bytes
      const at = this.#at
      for (let i = 0; i < size; i++) bytes[at + i] = text.charCodeAt(i)
    } else {
      this.#bytes.write(text, this.#at, size)
    }
    this.#at += size
  }

  /** Opens a message whose length is not known yet; close it with end(). */
  begin(): number {
    this.#room(2)
    this.#at += 2
    return this.#at
  }

  /** Closes the message that begin() opened: most spans need the two bytes kept for their length, no more, no less. */
  end(start: number): void {
    const length = this.#at - start
    const shift = varintSize(length) - 2
    if (shift !== 0) {
      this.#room(3)
      this.#bytes.copyWithin(start + shift, start, this.#at)
      this.#at += shift
    }
    put(this.#bytes, start - 2, length)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

function put(bytes: Buffer, from: number, value: number): number {
  let at = from
  let rest = value
  // Bitwise operators see 32 bits only.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80
  for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80
  bytes[at++] = rest
  return at
}

/** How many bytes a length takes. */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}

/** How many bytes a text takes in UTF-8; a lone surrogate becomes U+FFFD, three bytes. */
export function utf8Size(text: string): number {
  if (text.length >= shortText) return Buffer.byteLength(text)
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return Buffer.byteLength(text)
  return text.length
}

/** What a hex digit stands for, by its character code. */
const values = new Uint8Array(128)
for (const [value, digit] of [...'0123456789abcdef'].entries()) values[digit.charCodeAt(0)] = value
for (const [value, digit] of [...'0123456789ABCDEF'].entries()) values[digit.charCodeAt(0)] = value
