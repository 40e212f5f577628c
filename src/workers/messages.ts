// What the first process and its workers say to each other, over the channel that node:cluster gives them: structured
// clones, so that Maps and bytes arrive as what they are. Types and a look at what came; nothing is sent from here.
import type { Capture } from '../report/capture.ts'
import type { Snapshot } from '../rules/files.ts'
import type { Listen } from '../rules/listener.ts'
import type { Overrides } from '../rules/overrides.ts'
import type { TimedRule } from '../rules/timed.ts'
import type { Report } from './report.ts'

/** What a worker begins with. */
export type Beginning = {
  /** As given to serve. */
  readonly path: string | undefined
  readonly overrides: Overrides
  readonly workers: number
  /** The rules that the gateway was started with: a listener is as they say, whatever came later. */
  readonly first: Snapshot
  /** Those in force, where they are others. */
  readonly now: Snapshot | undefined
  /** Where each listener of the first rules is: no port is 0. */
  readonly bound: readonly Listen[]
  readonly timed: readonly TimedRule[]
  readonly retired: boolean
}

/** `id` comes back with the answer. */
export type ToWorker =
  | { readonly kind: 'begin'; readonly beginning: Beginning }
  | { readonly kind: 'rules'; readonly id: number; readonly snapshot: Snapshot }
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'captures'; readonly id: number }
  | { readonly kind: 'timed'; readonly rules: readonly TimedRule[] }
  | { readonly kind: 'retire' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'close'; readonly linger: boolean; readonly within: number | undefined }

export type FromWorker =
  /** It hears. */
  | { readonly kind: 'here' }
  | { readonly kind: 'listening'; readonly schemes: readonly ('http' | 'https')[] }
  /** An address cannot be had; in words. */
  | { readonly kind: 'unlistened'; readonly message: string }
  | { readonly kind: 'applied'; readonly id: number; readonly ok: boolean }
  /** An `id` of 0 was not asked for: it is the last word of one that ends. */
  | { readonly kind: 'report'; readonly id: number; readonly report: Report }
  | { readonly kind: 'captures'; readonly id: number; readonly captures: readonly Capture[] }
  /** A bug: it ends, and another one may take its place. */
  | { readonly kind: 'leaving' }

const toWorker = new Set(['begin', 'rules', 'report', 'captures', 'timed', 'retire', 'reopen', 'close'])
const fromWorker = new Set(['here', 'listening', 'unlistened', 'applied', 'report', 'captures', 'leaving'])

/** Both ends are of one version: the kind tells the rest. */
export function isToWorker(message: unknown): message is ToWorker {
  return toWorker.has(kindOf(message))
}

export function isFromWorker(message: unknown): message is FromWorker {
  return fromWorker.has(kindOf(message))
}

function kindOf(message: unknown): string {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return ''
  return typeof message.kind === 'string' ? message.kind : ''
}
