// What this gateway is in a trace beyond its span: some dialects name the caller, or count its calls.
import { cut } from './sw8.ts'

/** One attempt of this gateway at an upstream. Texts are never empty. */
export type Call = {
  /** The gateway, as its spans name it. */
  readonly service: string
  readonly instance: string
  /** Operation name of the gateway's entry: `GET:/orders/{id}`. */
  readonly endpoint: string
  /** host:port of the upstream, as the attempt's span names it. */
  readonly peer: string
  /** 1 for the first attempt of a request, 2 for the next: SkyWalking's exit span index, EagleEye's call number. */
  readonly number: number
}

/** A call, and how the gateway shows in its trace. */
export type Hop = Call & {
  /** SkyWalking's name for this request's part of the trace: 32 lower-case hex digits, or '' where it has none. */
  readonly segmentId: string
  /** The gateway does not show in path ids: the caller's go on as they are. */
  readonly transparent: boolean
}

/** As SkyWalking's own agents name an HTTP operation; without a template the method has to do. */
export function endpointOf(method: string, template: string | undefined): string {
  return template === undefined ? method : `${method}:${template}`
}

// SkyWalking's agents cut peers here: what a header says and what is reported have to be the same text.
const maxPeer = 200

/** By what address an upstream is called: what is said on the wire and what is reported of it. */
export function peerOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return cut(`${host}:${port}`, maxPeer)
}
