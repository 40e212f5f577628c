// Keeps so many workers alive: starts them, hears what they say, replaces those that end, gives up on those that say
// nothing any more. It must not know what is asked of them.
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { ListenError } from '../app/listening.ts'
import type { Log } from '../report/log.ts'
import { type Beginning, type FromWorker, isFromWorker, type ToWorker } from './messages.ts'
import type { Report } from './report.ts'

export type Hand = {
  /** From 1, never used again. */
  readonly id: number
  /** `new` was told nothing yet, `beginning` does not serve yet, `leaving` ends. */
  state: 'new' | 'beginning' | 'serving' | 'leaving'
  /** The last that it told. */
  report: Report | undefined
  /** When it last told anything, in milliseconds as `now` counts. */
  heard: number
  /** When it is next to be asked of itself. */
  due: number
  /** It was asked, and did not tell in time. */
  silent: boolean
  /** It has told its last: it counts nothing any more. */
  done: boolean
  readonly worker: Worker
}

/** Why a worker is gone: by a bug of its own, by a signal, or by us. */
export type Loss = 'crashed' | 'killed' | 'stuck' | 'refused'

export type Supervisor = {
  /** Starts them; rejects where one cannot begin, with its own words where it has some. */
  readonly start: () => Promise<void>
  readonly hands: () => readonly Hand[]
  readonly send: (hand: Hand, message: ToWorker) => void
  /** Undefined when it does not answer in time, or is gone. */
  readonly ask: (
    hand: Hand,
    make: (id: number) => ToWorker,
    withinMs: number
  ) => Promise<FromWorker | undefined>
  /** Another one takes its place. */
  readonly dismiss: (hand: Hand, why: Loss) => void
  /** Starts no more, tells all to end, and kills what has not ended after `withinMs`. */
  readonly end: (message: ToWorker, withinMs: number) => Promise<void>
}

export type SupervisorOptions = {
  readonly count: number
  readonly log: Log
  /** What a worker begins with, as of now. */
  readonly beginning: () => Beginning
  readonly listening: (schemes: readonly ('http' | 'https')[]) => void
  /** `why` is undefined for one that was told to end. */
  readonly gone: (hand: Hand, why: Loss | undefined) => void
}

/** The argument that makes this same command a worker: main.ts knows it. */
const role = 'worker'

/** Milliseconds for what a worker said right before its end to arrive. */
const lastWordsMs = 500
/** Milliseconds from a death to the next life, doubled by each death of the last minute. */
const firstPause = 50
const longestPause = 10_000
const memory = 60_000

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { count, log } = options
  const hands = new Set<Hand>()
  const answers = new Map<number, (answer: FromWorker | undefined) => void>()
  const dismissed = new Map<Hand, Loss>()
  /** Who waits for the end of each. */
  const parted = new Map<Hand, () => void>()
  const timers = new Set<NodeJS.Timeout>()
  let asked = 0
  let deaths: readonly number[] = []
  let started = false
  let ending = false
  let begun = (_: Hand): void => {}
  let unable = (_: Error): void => {}

  function send(hand: Hand, message: ToWorker): void {
    if (hand.worker.isConnected()) hand.worker.send(message, () => {})
  }

  function hire(): void {
    const worker = cluster.fork()
    const now = performance.now()
    const fresh = { state: 'new', report: undefined, silent: false, done: false } as const
    const hand: Hand = { ...fresh, id: worker.id, heard: now, due: now, worker }
    hands.add(hand)
    worker.on('message', (message: unknown) => {
      if (isFromWorker(message)) hear(hand, message)
    })
    // Its end says the rest.
    worker.on('error', () => {})
    // Its last words may come after its end was seen.
    const silent = new Promise<void>(resolve => worker.once('disconnect', () => resolve()))
    worker.once('exit', (code: number | null, signal: string | null) => {
      // Where nothing ran meanwhile, they are there by now and not heard yet.
      const long = sleep(lastWordsMs).then(() => turn())
      void Promise.race([silent, long]).then(() => part(hand, code, signal))
    })
  }

  function hear(hand: Hand, message: FromWorker): void {
    hand.heard = performance.now()
    if (message.kind === 'here') {
      hand.state = 'beginning'
      send(hand, { kind: 'begin', beginning: options.beginning() })
    } else if (message.kind === 'listening') {
      hand.state = 'serving'
      options.listening(message.schemes)
      begun(hand)
    } else if (message.kind === 'unlistened') unable(new ListenError(message.message))
    else if (message.kind === 'leaving') leave(hand)
    else {
      if (message.kind === 'report') tell(hand, message)
      answers.get(message.id)?.(message)
    }
  }

  function tell(hand: Hand, { id, report }: Extract<FromWorker, { readonly kind: 'report' }>): void {
    hand.report = report
    hand.silent = false
    hand.done = id === 0
  }

  /** From here on it is nobody's hope: another one is on its way. */
  function leave(hand: Hand): void {
    if (hand.state === 'leaving') return
    hand.state = 'leaving'
    if (started && !ending) replace()
  }

  function part(hand: Hand, code: number | null, signal: string | null): void {
    hands.delete(hand)
    const why = dismissed.get(hand) ?? (signal === null ? 'crashed' : 'killed')
    dismissed.delete(hand)
    parted.get(hand)?.()
    options.gone(hand, ending ? undefined : why)
    if (ending) return
    log.error('a worker is gone', { worker: hand.id, why, code, signal })
    if (!started) unable(new ListenError('a worker ended before it served; its log says why'))
    leave(hand)
  }

  function replace(): void {
    const now = performance.now()
    deaths = [...deaths.filter(at => now - at < memory), now]
    const pause = Math.min(longestPause, firstPause * 2 ** (deaths.length - 1))
    const timer = setTimeout(() => {
      timers.delete(timer)
      hire()
    }, pause)
    timers.add(timer)
  }

  return {
    start: async () => {
      // The first process takes each connection and hands it on in turn: RATIONALE.md says why not the kernel.
      cluster.schedulingPolicy = cluster.SCHED_RR
      cluster.setupPrimary({ args: [role], serialization: 'advanced' })
      await new Promise<void>((resolve, reject) => {
        let serving = 0
        begun = () => {
          serving++
          if (serving === count) resolve()
        }
        unable = reject
        for (let i = 0; i < count; i++) hire()
      })
      started = true
      unable = () => {}
    },
    hands: () => [...hands],
    send,
    ask: (hand, make, withinMs) => {
      const id = ++asked
      if (hand.worker.isDead()) return Promise.resolve(undefined)
      return new Promise(resolve => {
        const timer = setTimeout(() => done(undefined), withinMs)
        const left = () => done(undefined)
        const done = (answer: FromWorker | undefined) => {
          clearTimeout(timer)
          hand.worker.off('exit', left)
          answers.delete(id)
          resolve(answer)
        }
        hand.worker.once('exit', left)
        answers.set(id, done)
        send(hand, make(id))
      })
    },
    dismiss: (hand, why) => {
      // Somebody else was first, and it counts as killed.
      if (dismissed.has(hand) || hand.worker.isDead()) return
      dismissed.set(hand, why)
      hand.worker.process.kill('SIGKILL')
    },
    end: async (message, withinMs) => {
      ending = true
      for (const timer of timers) clearTimeout(timer)
      const ends = [...hands].map(hand => {
        const over = new Promise<void>(resolve => parted.set(hand, resolve))
        send(hand, message)
        // One that hears nothing yet has nothing to lose either.
        if (hand.state === 'new') hand.worker.process.kill('SIGKILL')
        return over
      })
      const limit = new AbortController()
      const all = Promise.all(ends).then(() => limit.abort())
      await sleep(withinMs, undefined, { signal: limit.signal }).catch(() => {})
      for (const hand of hands) hand.worker.process.kill('SIGKILL')
      await all
    }
  }
}
