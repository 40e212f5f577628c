// A pipeline on a real socket, as fast as a test wants it, and its account. Only time is not real: pauses between
// tries end at once, and are noted.
import type { Test } from 'tap'
import { otlp } from '../../src/exporters/index.ts'
import { Pipeline, type PipelineOptions } from '../../src/report/pipeline.ts'
import { createPost } from '../../src/report/post.ts'
import { makeSpan, resource } from '../span.ts'
import { until } from '../until.ts'

export type PipedOptions = Partial<PipelineOptions> & { readonly timeoutMs?: number }

export function startPipeline(t: Test, url: string, { timeoutMs = 5000, ...options }: PipedOptions = {}) {
  const waits: number[] = []
  const said: string[] = []
  const post = createPost({ url, headers: {}, compression: 'none', timeoutMs })
  const note = (message: string) => said.push(message)
  const pipeline = new Pipeline({
    name: 'otlp',
    exporter: otlp,
    resource,
    send: post.send,
    log: { info: note, warn: note, error: note },
    intervalMs: 5,
    patience: {
      random: () => 0.5,
      wait: async ms => {
        waits.push(ms)
      }
    },
    ...options
  })
  t.teardown(async () => {
    await pipeline.close(0)
    await post.close()
  })
  const idle = () => until(() => pipeline.counts().queued === 0, 'the queue is empty')
  return { pipeline, post, waits, said, idle }
}

/** Requests of one span each. */
export function record(pipeline: Pipeline, number: number, urgent = false): void {
  for (let i = 0; i < number; i++) pipeline.record([makeSpan()], urgent)
}

/** Whether recorded = exported + rejected + dropped + queued now. */
export function closes(pipeline: Pipeline): boolean {
  const { recorded, exported, rejected, dropped, queued } = pipeline.counts()
  let sum = exported + rejected + queued
  for (const spans of dropped.values()) sum += spans
  return sum === recorded
}

/** The account as a plain object, after checking that its sum closes. */
export function account(t: Test, pipeline: Pipeline) {
  const { recorded, exported, rejected, dropped, queued } = pipeline.counts()
  t.ok(closes(pipeline), 'the sum closes')
  return { recorded, exported, rejected, dropped: Object.fromEntries(dropped), queued }
}
