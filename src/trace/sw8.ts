// SkyWalking's header sw8, eight fields, and the extension sw8-x: bytes to fields and back. Lenient with what it
// reads, as agents are not with each other; what it writes all of them read.
import { decodeText, encodeText } from './base64.ts'

const maxLength = 2048
/** Longer than any agent's id, and short enough for a header that holds it beside our own names. */
const maxId = 256
const maxIndex = 2 ** 31 - 1
// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/#standard-header-item
export const maxName = 50
export const maxEndpoint = 150

// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/#standard-header-item
const indexPattern = /^[0-9]{1,10}$/
// Ids and names are any text, but none that a log or a terminal would take for more than text.
const controlPattern = /\p{Cc}/u
// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/#extension-header-item;
// the time of a sender that has none is a blank.
const extensionPattern = /^([01]?)(?:-(.{0,32}))?$/
const timePattern = /^[0-9]{1,16}$/

export type Sw8 = {
  /** As agents ignore it: they trace whenever they see the header. */
  readonly sampled: boolean
  /** Any text: back ends find a trace by it, character for character. */
  readonly trace: string
  readonly segment: string
  /** Of the caller's span in that segment. */
  readonly index: number
  readonly service: string
  /** These three may be empty as read; a browser knows no instance. */
  readonly instance: string
  readonly endpoint: string
  /** By what address the caller called. */
  readonly peer: string
}

/** Why a header is none. */
export type Sw8Reason =
  | 'too-long'
  | 'field-count'
  | 'sample-flag'
  | 'span-id'
  | 'base64'
  | 'empty-field'
  | 'trace-id'
  | 'segment-id'
  | 'control-character'

/** Reads a header that is not empty. */
export function readSw8(value: string): Sw8 | Sw8Reason {
  if (value.length > maxLength) return 'too-long'
  // Standard base64 has no dash of its own.
  const fields = value.split('-', 9)
  if (fields.length !== 8) return 'field-count'
  const [flag = '', traceField = '', segmentField = '', indexField = ''] = fields
  if (flag !== '0' && flag !== '1') return 'sample-flag'
  if (!indexPattern.test(indexField)) return 'span-id'
  const index = Number(indexField)
  if (index > maxIndex) return 'span-id'
  const trace = decodeText(traceField)
  const segment = decodeText(segmentField)
  const [service, instance, endpoint, peer] = fields.slice(4).map(decodeText)
  if (trace === undefined || segment === undefined || service === undefined) return 'base64'
  if (instance === undefined || endpoint === undefined || peer === undefined) return 'base64'
  if (trace === '' || segment === '' || service === '') return 'empty-field'
  if (!isSw8Id(trace)) return 'trace-id'
  if (!isSw8Id(segment)) return 'segment-id'
  if (controlPattern.test(service + instance + endpoint + peer)) return 'control-character'
  return { sampled: flag === '1', trace, segment, index, service, instance, endpoint, peer }
}

/** Whether a text can be the id of a trace or a segment. */
export function isSw8Id(text: string): boolean {
  return text !== '' && text.length <= maxId && !controlPattern.test(text)
}

/** Writes a header of a sampled trace. No field may be empty: agents would drop the request from the trace. */
export function writeSw8({ trace, segment, index, service, instance, endpoint, peer }: Omit<Sw8, 'sampled'>) {
  const caller = `${encodeText(cut(service, maxName))}-${encodeText(cut(instance, maxName))}`
  const called = `${encodeText(cut(endpoint, maxEndpoint))}-${encodeText(peer)}`
  return `1-${encodeText(trace)}-${encodeText(segment)}-${index}-${caller}-${called}`
}

/** The first characters of a text, and no half of one. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  // The first half of a surrogate pair: https://www.unicode.org/glossary/#high_surrogate_code_unit
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

/** What sw8-x says. */
export type Sw8Extension = {
  /** Spans of this trace are not for SkyWalking's statistics. */
  readonly skipAnalysis: boolean
  /** When the caller sent it, in milliseconds since the Unix epoch. */
  readonly sentAt: number | undefined
}

/** Reads sw8-x; undefined when it is absent, empty or none. A time that is none is left out. */
export function readSw8Extension(value: string | undefined): Sw8Extension | undefined {
  if (value === undefined || value === '') return undefined
  const found = extensionPattern.exec(value)
  if (found === null) return undefined
  const [, mode, time = ''] = found
  return { skipAnalysis: mode === '1', sentAt: timePattern.test(time) ? Number(time) : undefined }
}
