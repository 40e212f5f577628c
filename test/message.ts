// Reads HTTP/1 messages from the bytes of a socket and keeps them as they came. It repairs nothing and judges nothing.

export type Field = readonly [name: string, value: string]

export type Message = {
  /** Request line or status line. */
  readonly start: string
  /** As on the wire: order, case, repeats; one latin1 character for each byte. */
  readonly fields: readonly Field[]
  /** Start line and fields with their line ends, up to and with the empty line. */
  readonly head: string
  readonly body: Buffer
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
}

export type MessageReader = {
  readonly push: (bytes: Buffer) => void
  /** The connection ended: what was read of a message that ends with it. */
  readonly end: () => void
}

/** `bodiless` says of a start line whether its message has no body, whatever its fields say. */
export function createMessageReader(
  onMessage: (message: Message) => void,
  bodiless: (start: string) => boolean = () => false
): MessageReader {
  let bytes: Buffer = Buffer.alloc(0)
  function next(ended: boolean): boolean {
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1) return false
    const head = bytes.toString('latin1', 0, end + 4)
    const [start = '', ...lines] = head.slice(0, -4).split('\r\n')
    const fields = lines.map(fieldOfLine)
    const body = bodyOf(bytes.subarray(end + 4), start, fields, bodiless(start), ended)
    if (body === undefined) return false
    bytes = bytes.subarray(end + 4 + body.length)
    onMessage({ start, fields, head, body: body.bytes, framing: body.framing })
    return true
  }
  return {
    push: more => {
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
      while (next(false));
    },
    end: () => void next(true)
  }
}

/** Lines of one name joined by a comma; undefined when there is none. */
export function valueIn({ fields }: Pick<Message, 'fields'>, name: string): string | undefined {
  const lines = fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
  return lines.length === 0 ? undefined : lines.join(',')
}

function fieldOfLine(line: string): Field {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
}

type Body = { readonly bytes: Buffer; readonly length: number; readonly framing: Message['framing'] }

function bodyOf(
  rest: Buffer,
  start: string,
  fields: readonly Field[],
  bodiless: boolean,
  ended: boolean
): Body | undefined {
  if (bodiless) return { bytes: Buffer.alloc(0), length: 0, framing: 'none' }
  if (valueIn({ fields }, 'transfer-encoding') === 'chunked') return unchunked(rest)
  const length = valueIn({ fields }, 'content-length')
  if (length !== undefined) {
    if (rest.length < Number(length)) return undefined
    return { bytes: rest.subarray(0, Number(length)), length: Number(length), framing: 'length' }
  }
  if (!start.startsWith('HTTP/')) return { bytes: Buffer.alloc(0), length: 0, framing: 'none' }
  return ended ? { bytes: rest, length: rest.length, framing: 'close' } : undefined
}

function unchunked(rest: Buffer): Body | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (rest.length < end + 2) return undefined
    if (size === 0) {
      // Behind it the trailers, which are none of most tests' business.
      const blank = rest.indexOf('\r\n\r\n', lineEnd)
      if (blank === -1) return undefined
      return { bytes: Buffer.concat(chunks), length: blank + 4, framing: 'chunked' }
    }
    chunks.push(rest.subarray(lineEnd + 2, end))
    at = end + 2
  }
}
