// The four wires written and read by hand, so that no test of a whole gateway leans on the codecs that it tests.
import { type Field, type Message, valueIn } from './message.ts'

export type Wish = 'keep' | 'drop' | 'defer' | 'debug'

export type Said = {
  /** In the digits of the wire. */
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly wish: Wish
}

export type Wire = {
  /** What can be said on it. */
  readonly wishes: readonly Wish[]
  /** It names the parent of the span. */
  readonly tellsParent: boolean
  readonly write: (traceId: string, spanId: string, wish: Wish) => readonly Field[]
  /** Undefined when nothing is said, or not well. */
  readonly read: (message: Message) => Said | undefined
}

const letters = new Map<string | undefined, Wish>([
  ['0', 'drop'],
  ['1', 'keep'],
  ['d', 'debug'],
  [undefined, 'defer']
])
const letterOf: Readonly<Record<Wish, string>> = { drop: '-0', keep: '-1', debug: '-d', defer: '' }
const flagOf: Readonly<Record<Wish, string>> = { drop: '0', keep: '1', debug: '3', defer: '0' }
const sampledOf: Readonly<Record<Wish, readonly Field[]>> = {
  drop: [['X-B3-Sampled', '0']],
  keep: [['X-B3-Sampled', '1']],
  debug: [['X-B3-Flags', '1']],
  defer: []
}

const w3c: Wire = {
  wishes: ['keep', 'drop'],
  tellsParent: false,
  write: (traceId, spanId, wish) => [
    ['traceparent', `00-${traceId}-${spanId}-${wish === 'keep' ? '01' : '00'}`]
  ],
  read: message => {
    const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0([0-3])$/.exec(valueIn(message, 'traceparent') ?? '')
    if (found === null) return undefined
    const [, traceId = '', spanId = '', flags] = found
    return { traceId, spanId, parentId: undefined, wish: Number(flags) % 2 === 1 ? 'keep' : 'drop' }
  }
}

const b3: Wire = {
  wishes: ['keep', 'drop', 'defer', 'debug'],
  tellsParent: true,
  write: (traceId, spanId, wish) => [['b3', `${traceId}-${spanId}${letterOf[wish]}`]],
  read: message => {
    const shape = /^((?:[0-9a-f]{16}){1,2})-([0-9a-f]{16})(?:-([01d]))?(?:-([0-9a-f]{16}))?$/
    const found = shape.exec(valueIn(message, 'b3') ?? '')
    if (found === null) return undefined
    const [, traceId = '', spanId = '', letter, parentId] = found
    return { traceId, spanId, parentId, wish: letters.get(letter) ?? 'defer' }
  }
}

const b3multi: Wire = {
  wishes: ['keep', 'drop', 'defer', 'debug'],
  tellsParent: true,
  write: (traceId, spanId, wish) => [['X-B3-TraceId', traceId], ['X-B3-SpanId', spanId], ...sampledOf[wish]],
  read: message => {
    const traceId = valueIn(message, 'x-b3-traceid')
    const spanId = valueIn(message, 'x-b3-spanid')
    if (traceId === undefined || spanId === undefined) return undefined
    const debug = valueIn(message, 'x-b3-flags') === '1'
    const wish = debug ? 'debug' : (letters.get(valueIn(message, 'x-b3-sampled')) ?? 'defer')
    return { traceId, spanId, parentId: valueIn(message, 'x-b3-parentspanid'), wish }
  }
}

const jaeger: Wire = {
  wishes: ['keep', 'drop', 'debug'],
  tellsParent: true,
  write: (traceId, spanId, wish) => [['uber-trace-id', `${traceId}:${spanId}:0:${flagOf[wish]}`]],
  read: message => {
    const shape = /^((?:[0-9a-f]{16}){1,2}):([0-9a-f]{16}):(0|[0-9a-f]{16}):([013])$/
    const found = shape.exec(valueIn(message, 'uber-trace-id') ?? '')
    if (found === null) return undefined
    const [, traceId = '', spanId = '', parent, flag] = found
    const wish = flag === '3' ? 'debug' : flag === '1' ? 'keep' : 'drop'
    return { traceId, spanId, parentId: parent === '0' ? undefined : parent, wish }
  }
}

/** By the names of the dialects. */
export const wires = { w3c, b3, b3multi, jaeger } as const

export type WireName = keyof typeof wires

export const wireNames: readonly WireName[] = ['w3c', 'b3', 'b3multi', 'jaeger']

/** How a wish arrives on a wire, where it may not be known. */
export function arriving(wish: Wish, on: Wire): Wish {
  if (on.wishes.includes(wish)) return wish
  return wish === 'debug' ? 'keep' : 'drop'
}

/** Every field of every wire. */
export const wireFields: readonly string[] = [
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
  'jaeger-debug-id'
]
