// SkyWalking's sw8 written and read by hand: no test of a whole gateway leans on the codec that it tests.
// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/
import { type Field, type Message, valueIn } from './message.ts'

export type Sw8 = {
  readonly trace: string
  readonly segment: string
  readonly span: string
  readonly service: string
  readonly instance: string
  readonly endpoint: string
  readonly peer: string
}

/** A caller's header; its place in the trace is `segment`, span 1. */
export function sw8Field(trace: string, segment: string): Field {
  const texts = [trace, segment, 'front', 'front-1', 'GET:/', 'gateway:8080'].map(text =>
    Buffer.from(text).toString('base64')
  )
  return ['sw8', `1-${texts[0]}-${texts[1]}-1-${texts.slice(2).join('-')}`]
}

/** Undefined when nothing is said, or not well. */
export function sw8In(message: Message): Sw8 | undefined {
  const parts = (valueIn(message, 'sw8') ?? '').split('-')
  if (parts.length !== 8 || parts[0] !== '1') return undefined
  const [trace = '', segment = '', service = '', instance = '', endpoint = '', peer = ''] = [
    1, 2, 4, 5, 6, 7
  ].map(index => Buffer.from(parts[index] ?? '', 'base64').toString())
  return { trace, segment, span: parts[3] ?? '', service, instance, endpoint, peer }
}
