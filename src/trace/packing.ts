// Foreign ids in few characters that tracestate allows. Each id has one packed form, and no other is read.
import { strictDecode } from './percent.ts'

// `<32 digits>.<thread>.<time>`, as SkyWalking's Java and Go agents make ids; numbers without leading zeros:
// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/
const agentPattern = /^([0-9a-f]{32})\.(0|[1-9][0-9]{0,19})\.(0|[1-9][0-9]{0,19})$/
// https://www.rfc-editor.org/rfc/rfc9562#section-4
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
// Whole bytes, and enough of them to be shorter than as text.
const digitsPattern = /^(?:[0-9a-f]{2}){8,}$/
// https://www.rfc-editor.org/rfc/rfc4648#section-5
const base64urlPattern = /^[A-Za-z0-9_-]+$/

const uuidLength = 16
const maxUint64 = 2n ** 64n - 1n

/** The packed form: a letter for how, then what. Any well-formed text has one. */
export function packId(id: string): string {
  const [, uuid, thread, time] = agentPattern.exec(id) ?? []
  if (uuid !== undefined && thread !== undefined && time !== undefined) {
    const a = BigInt(thread)
    const b = BigInt(time)
    if (a <= maxUint64 && b <= maxUint64) {
      const bytes = Buffer.concat([Buffer.from(uuid, 'hex'), Buffer.from([...varint(a), ...varint(b)])])
      return `j${bytes.toString('base64url')}`
    }
  }
  if (uuidPattern.test(id)) return `u${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}`
  if (digitsPattern.test(id)) return `x${Buffer.from(id, 'hex').toString('base64url')}`
  return `r${escaped(id)}`
}

/** The id of a packed form; undefined when it is not the one that `packId` gives. */
export function unpackId(packed: string): string | undefined {
  const id = unpacked(packed.charAt(0), packed.slice(1))
  return id !== undefined && id !== '' && packId(id) === packed ? id : undefined
}

function unpacked(how: string, what: string): string | undefined {
  if (how === 'r') return strictDecode(what)
  if (!base64urlPattern.test(what)) return undefined
  const bytes = Buffer.from(what, 'base64url')
  const digits = bytes.toString('hex')
  if (how === 'x') return digits
  if (how === 'u') {
    const groups = [0, 8, 12, 16, 20].map((start, i, starts) => digits.slice(start, starts[i + 1]))
    return bytes.length === uuidLength ? groups.join('-') : undefined
  }
  if (how !== 'j') return undefined
  const numbers = varints(bytes.subarray(uuidLength))
  return numbers.length === 2 ? [digits.slice(0, 2 * uuidLength), ...numbers].join('.') : undefined
}

/** Seven bits to a byte, the lowest first: https://protobuf.dev/programming-guides/encoding/#varints */
function varint(number: bigint): number[] {
  const bytes: number[] = []
  let rest = number
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return bytes
}

function varints(bytes: Uint8Array): bigint[] {
  const numbers: bigint[] = []
  let number = 0n
  let shift = 0n
  for (const byte of bytes) {
    number |= BigInt(byte & 127) << shift
    shift += 7n
    if (byte > 127) continue
    numbers.push(number)
    number = 0n
    shift = 0n
  }
  return numbers
}

// What encodeURIComponent leaves and we escape, and the other way round.
const alsoEscaped = /[!'()]/g
const notEscaped = /%2F|%2B/g

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(alsoEscaped, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(notEscaped, code => (code === '%2F' ? '/' : '+'))
}
