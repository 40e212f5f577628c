// Reads the answers on one connection, one after the other: enough of HTTP/1.1 to know where each ends.

export type Answer = {
  readonly status: number
  /** Of the body, without the framing of chunks. */
  readonly bytes: number
  /** The connection ends with it. */
  readonly last: boolean
}

type Part = 'head' | 'length' | 'size' | 'chunk' | 'gap' | 'end'

const bodyless = new Set([204, 304])

/** Takes what arrives; gives an answer when its end is there. Throws at what is not HTTP/1.1 as proxies send it. */
export function createAnswerReader(): (piece: Buffer) => Answer | undefined {
  let part: Part = 'head'
  let line = ''
  let left = 0
  let status = 0
  let bytes = 0
  let last = false

  function readHead(text: string): void {
    const begin = /^HTTP\/1\.1 (\d{3}) /.exec(text)
    if (begin === null) throw new Error('no answer')
    status = Number(begin[1])
    bytes = 0
    last = /\r\nconnection: *close\r\n/i.test(text)
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(text)
    if (bodyless.has(status)) left = 0
    else if (length !== null) left = Number(length[1])
    else if (!/\r\ntransfer-encoding: *chunked\r\n/i.test(text)) throw new Error('an answer without an end')
    part = length !== null || bodyless.has(status) ? 'length' : 'size'
  }

  /** What is to be read when nothing of a part is left. */
  function next(): Answer | undefined {
    if (part === 'chunk') {
      part = 'gap'
      left = 2
      return undefined
    }
    const whole = part === 'length' || part === 'end'
    part = whole ? 'head' : 'size'
    return whole ? { status, bytes, last } : undefined
  }

  return piece => {
    let at = 0
    while (true) {
      if (part === 'head' || part === 'size') {
        const mark = part === 'head' ? '\r\n\r\n' : '\r\n'
        const before = line.length
        line += piece.toString('latin1', at)
        const stop = line.indexOf(mark, Math.max(0, before - mark.length + 1))
        if (stop === -1) return undefined
        const text = line.slice(0, stop + mark.length)
        at += text.length - before
        line = ''
        if (part === 'head') readHead(text)
        else {
          left = Number.parseInt(text, 16)
          if (Number.isNaN(left)) throw new Error('no size of a chunk')
          part = left === 0 ? 'end' : 'chunk'
          if (left === 0) left = 2
        }
      }
      const taken = Math.min(left, piece.length - at)
      left -= taken
      at += taken
      if (part === 'length' || part === 'chunk') bytes += taken
      if (left > 0) return undefined
      const answer = next()
      if (answer !== undefined) {
        if (at < piece.length) throw new Error('more than was asked for')
        return answer
      }
    }
  }
}
