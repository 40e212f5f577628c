// Packs one body after the other into gzip, off the event loop. All with one state of deflate: a new one for each takes a
// third of a megabyte, and where the work waits for a processor, that stays until a full collection of garbage.
import { constants, createGzip, type Gzip, type ZlibReset } from 'node:zlib'

export type Packer = {
  /** Rejects with the error of zlib, or because it is closed; bodies are packed one at a time, in their order. */
  readonly pack: (body: Buffer) => Promise<Buffer>
  readonly close: () => void
}

/** Gzip is deflate in another frame, and begins anew as that does; its types do not say so. */
type Restartable = Gzip & ZlibReset

type State = { readonly gzip: Restartable; parts: Buffer[]; fail: (error: Error) => void }

export function createPacker(): Packer {
  let state: State | undefined
  let before: Promise<unknown> = Promise.resolve()
  let closed = false

  function open(): State {
    const gzip = createGzip({ level: constants.Z_BEST_SPEED }) as Restartable
    const opened: State = { gzip, parts: [], fail: () => {} }
    const gone = (error: Error) => {
      // Whoever comes next gets another.
      state = undefined
      opened.fail(error)
    }
    gzip.on('data', part => opened.parts.push(part))
    gzip.on('error', gone)
    gzip.on('close', () => gone(new Error('closed')))
    return opened
  }

  function packNow(body: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    if (closed) {
      reject(new Error('closed'))
      return promise
    }
    state ??= open()
    const mine = state
    const { gzip } = mine
    mine.fail = reject
    gzip.write(body)
    // It ends the member, not the stream: https://www.rfc-editor.org/rfc/rfc1952#section-2.2
    gzip.flush(constants.Z_FINISH, () => {
      if (gzip.destroyed) return
      const packed = Buffer.concat(mine.parts)
      mine.parts = []
      gzip.reset()
      resolve(packed)
    })
    return promise
  }

  return {
    pack: body => {
      const packed = before.then(() => packNow(body))
      before = packed.catch(() => {})
      return packed
    },
    close: () => {
      closed = true
      state?.gzip.close()
    }
  }
}
