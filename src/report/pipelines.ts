// Spans to every back end of the rules at once, through reloads: a pipeline whose settings stay keeps its queue,
// and what a closed one counted stays in the sums, so that counters never run backwards.
import { isDeepStrictEqual } from 'node:util'
import type { Resource, Span } from '../exporters/exporter.ts'
import * as exporters from '../exporters/index.ts'
import type { ExporterSettings, Rules } from '../rules/rules.ts'
import { type Counts, nothing, sum } from './counts.ts'
import { type Beating, below, createHeartbeat } from './heartbeat.ts'
import type { Log } from './log.ts'
import { Pipeline } from './pipeline.ts'
import type { Limits } from './pipeline-limits.ts'
import { createPost, type Post } from './post.ts'

export type Pipelines = {
  /** Takes the spans of one request; `urgent` ones, of errors and slow requests, are the last to be let go. */
  readonly record: (spans: readonly Span[], urgent: boolean) => void
  /** Lets all go that waits, and takes no more until told otherwise. */
  readonly shed: (on: boolean) => void
  /** By the name of the exporter, in the order in which they came to be. */
  readonly counts: () => ReadonlyMap<string, Counts>
  /** Pipelines of equal settings go on; others send what they hold and close. Throws, and changes nothing, for a bad URL. */
  readonly reload: (settings: readonly ExporterSettings[], resource: Resource) => void
  /** Sends what is there, for `deadlineMs` (5 s) at most. Always resolves. */
  readonly close: (deadlineMs?: number) => Promise<void>
}

export type PipelinesIo = {
  /** As process.stdout.write: calls back when the bytes are out. */
  readonly stdout: (bytes: Buffer, done: (error?: Error | null) => void) => unknown
  readonly log: Log
  /** In place of the pipelines' own. */
  readonly limits?: Partial<Limits>
}

type Running = {
  readonly settings: ExporterSettings
  readonly resource: Resource
  readonly pipeline: Pipeline
  readonly post: Post
  readonly heartbeat: Beating | undefined
}

/** What spans are of, by the rules. */
export function resourceOf({ service }: Pick<Rules, 'service'>): Resource {
  return { service: service.name, version: service.version, instance: service.instance }
}

/** `previous` is reloaded and comes back itself: requests that began with it go on recording into it. */
export function createPipelines(
  settings: readonly ExporterSettings[],
  resource: Resource,
  io: PipelinesIo,
  previous?: Pipelines
): Pipelines {
  if (previous !== undefined) {
    previous.reload(settings, resource)
    return previous
  }
  let running: readonly Running[] = settings.map(one => run(one, resource, io))
  let shedding = false
  const closing = new Map<Running, Promise<void>>()
  // Every name from its first day, so that metrics keep their order.
  const past = new Map(settings.map(one => [one.name, nothing]))

  const retire = (one: Running, deadlineMs: number | undefined): Promise<void> => {
    // Who takes over introduces itself anew.
    const silenced = one.heartbeat?.close()
    const closed = one.pipeline.close(deadlineMs).then(async () => {
      closing.delete(one)
      add(past, one.settings.name, one.pipeline.counts())
      await one.post.close()
      await silenced
    })
    closing.set(one, closed)
    return closed
  }

  return {
    record: (spans, urgent) => {
      for (const one of running) one.pipeline.record(spans, urgent)
    },
    shed: on => {
      shedding = on
      for (const one of running) one.pipeline.shed(on)
    },
    counts: () => {
      const all = new Map(past)
      for (const one of closing.keys()) add(all, one.settings.name, one.pipeline.counts())
      for (const one of running) add(all, one.settings.name, one.pipeline.counts())
      return all
    },
    reload: (wanted, by) => {
      const next = wanted.map(
        one =>
          running.find(old => isDeepStrictEqual(old.settings, one) && isDeepStrictEqual(old.resource, by)) ??
          run(one, by, io)
      )
      const gone = running.filter(old => !next.includes(old))
      running = next
      if (shedding) for (const one of running) one.pipeline.shed(true)
      for (const one of wanted) add(past, one.name, nothing)
      for (const old of gone) void retire(old, undefined)
    },
    close: async deadlineMs => {
      const last = running
      running = []
      for (const one of closing.keys()) void one.pipeline.close(deadlineMs)
      for (const one of last) void retire(one, deadlineMs)
      await Promise.all(closing.values())
    }
  }
}

function add(sums: Map<string, Counts>, name: string, counts: Counts): void {
  sums.set(name, sum(sums.get(name) ?? nothing, counts))
}

function run(settings: ExporterSettings, resource: Resource, io: PipelinesIo): Running {
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: the registry is the table
  const exporter = exporters[settings.kind]
  const { name } = settings
  const post =
    settings.kind === 'console'
      ? createPrint(io.stdout)
      : createPost({ ...settings, url: below(settings.url, exporter.path) })
  const pipeline = new Pipeline({ ...io.limits, name, exporter, resource, send: post.send, log: io.log })
  const beat = exporter.heartbeat?.(resource)
  const heartbeat =
    settings.kind === 'console' || beat === undefined
      ? undefined
      : createHeartbeat(name, settings, beat, io.log)
  return { settings, resource, pipeline, post, heartbeat }
}

/** A post to stdout; a reader that stalls holds up its batches, and the queue's bound does the rest. */
function createPrint(stdout: PipelinesIo['stdout']): Post {
  const send: Post['send'] = body =>
    new Promise(resolve => {
      const bytes = body.length
      stdout(body, error => {
        if (error === undefined || error === null) resolve({ kind: 'accepted', body: Buffer.alloc(0), bytes })
        else resolve({ kind: 'refused', why: 'stdout', bytes: 0 })
      })
    })
  return { send, close: async () => {} }
}
