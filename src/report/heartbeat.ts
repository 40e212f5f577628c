// Tells a back end now and then that the gateway lives, where it wants to hear so. A beat that is not heard costs
// nothing but a line in the log: it must not throw, keep the process alive, or touch the way of spans.
import type { Heartbeat, Message } from '../exporters/exporter.ts'
import type { Log } from './log.ts'
import { type Answer, createPost, type PostOptions } from './post.ts'

export type Beating = {
  /** Always resolves. */
  readonly close: () => Promise<void>
}

/** OpenTelemetry knows no such thing; SkyWalking's agents beat every 20 to 30 seconds. */
const beatMs = 25_000
/** Beats from one introduction to the next, for a back end that has forgotten. */
const forgetful = 10

/** Begins at once. Throws only for a URL that cannot be posted to. */
export function createHeartbeat(
  name: string,
  post: PostOptions,
  { contentType, introduction, beat }: Heartbeat,
  log: Log,
  intervalMs = beatMs
): Beating {
  const to = ({ path }: Message) => createPost({ ...post, url: below(post.url, path) })
  const introducing = to(introduction)
  const beating = to(beat)
  let beats = 0
  let introduced = false
  let well = true
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const heard = (answer: Answer): boolean => {
    const accepted = answer.kind === 'accepted'
    // Said once, until it is heard again.
    if (!closed && accepted !== well) {
      if (accepted) log.info('the back end hears of this gateway again', { exporter: name })
      else log.warn('the back end does not hear that this gateway lives', { exporter: name, why: answer.why })
      well = accepted
    }
    return accepted
  }
  const next = async (): Promise<void> => {
    const due = !introduced || beats % forgetful === 0
    if (due) introduced = heard(await introducing.send(introduction.body, contentType))
    // Who did not take the one will not take the other: one try is one line.
    if (!closed && introduced) heard(await beating.send(beat.body, contentType))
    beats++
    if (!closed) timer = setTimeout(() => void next(), intervalMs).unref()
  }
  void next()

  return {
    close: async () => {
      closed = true
      clearTimeout(timer)
      await Promise.all([introducing.close(), beating.close()])
    }
  }
}

/** A URL with a path below its own; the query stays. */
export function below(url: string, path: string): string {
  if (path === '') return url
  const whole = new URL(url)
  whole.pathname = whole.pathname.replace(/\/$/, '') + path
  return whole.href
}
