// Bodies that pass leave buffers behind. They lie outside of V8's heap, so that it takes its time to collect them: after so
// many bytes it is asked to look at what is young. It must not know whose bytes they are.
// https://nodejs.org/api/cli.html#--expose-gc; bin/tracebridge starts Node so, and without it nothing happens here.

/** Bytes of bodies, in either direction, for each of which there are two or three in buffers. */
const many = 8 * 1024 * 1024

const { gc } = globalThis
let passed = 0

/** So many bytes have come or gone. */
export function pass(bytes: number): void {
  passed += bytes
  if (passed < many) return
  passed = 0
  gc?.({ type: 'minor', execution: 'sync' })
}
