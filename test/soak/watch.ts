// Loaded into the gateway by the soak test, ahead of it: tells each second, on descriptor 3, what the process holds.
// Memory is told after a collection of garbage, so that what is left is what is held.
import { createHook } from 'node:async_hooks'
import { closeSync, writeSync } from 'node:fs'

/** Kinds of resources by what they are counted as. */
const kinds = new Map([
  ['Timeout', 'timers'],
  ['TCPWRAP', 'sockets'],
  ['TLSWRAP', 'sockets']
])

const held = new Map<number, string>()
createHook({
  init: (id, type) => {
    const kind = kinds.get(type)
    if (kind !== undefined) held.set(id, kind)
  },
  destroy: id => void held.delete(id)
}).enable()

const telling = setInterval(() => {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const counts = { timers: 0, sockets: 0 }
  for (const kind of held.values()) if (kind === 'timers' || kind === 'sockets') counts[kind]++
  try {
    writeSync(3, `${JSON.stringify({ rss, heap: heapUsed, external, ...counts })}\n`)
  } catch {
    // Nobody listens any more.
    clearInterval(telling)
    closeSync(3)
  }
}, 1000).unref()
