// Frames are followed whatever the pieces are that they come in.
import fc from 'fast-check'
import t from 'tap'
import { createFrames } from '../../src/proxy/frames.ts'
import { closing, frame, text } from '../websocket.ts'

t.test('a frame is over at its last byte, whatever its length and mask', async t => {
  for (const size of [0, 1, 125, 126, 127, 65_535, 65_536]) {
    for (const masked of [true, false]) {
      const bytes = frame(text, Buffer.alloc(size, 'x'), masked)
      const frames = createFrames()
      t.equal(frames.between(), true)
      frames.take(bytes.subarray(0, 1))
      t.equal(frames.between(), false)
      frames.take(bytes.subarray(1, -1))
      t.equal(frames.between(), bytes.length === 1)
      frames.take(bytes.subarray(-1))
      t.equal(frames.between(), true, `${size} bytes`)
      t.equal(frames.closed(), false)
    }
  }
})

t.test('a close frame is seen, and its code', async t => {
  for (const masked of [true, false]) {
    const frames = createFrames()
    frames.take(Buffer.concat([frame(text, 'before', masked), closing(4001, masked)]))
    t.equal(frames.closed(), true)
    t.equal(frames.code(), 4001)
    // Nothing may follow; whatever does changes nothing.
    frames.take(closing(4002, masked))
    t.equal(frames.code(), 4001)
  }
  const silent = createFrames()
  silent.take(frame(8, ''))
  t.equal(silent.closed(), true)
  t.equal(silent.code(), 1005)
  const reasoned = createFrames()
  reasoned.take(frame(8, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from('a reason')]), true))
  t.equal(reasoned.code(), 1000)
  t.equal(reasoned.between(), true)
})

t.test('pieces make no difference', async t => {
  const frames = fc.array(fc.record({ size: fc.integer({ min: 0, max: 300 }), masked: fc.boolean() }), {
    minLength: 1,
    maxLength: 5
  })
  const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(frames, cuts, fc.integer({ min: 1000, max: 4999 }), (sizes, lengths, code) => {
      const bytes = Buffer.concat([
        ...sizes.map(({ size, masked }) => frame(text, Buffer.alloc(size, 8), masked)),
        closing(code, true)
      ])
      const followed = createFrames()
      let at = 0
      for (let turn = 0; at < bytes.length; turn++) {
        const length = lengths[turn % lengths.length] ?? 1
        followed.take(bytes.subarray(at, at + length))
        at += length
      }
      t.equal(followed.code(), code)
      t.equal(followed.between(), true)
    })
  )
})

t.test('any bytes at all are followed without harm', async t => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), pieces => {
      const followed = createFrames()
      for (const piece of pieces) followed.take(Buffer.from(piece))
      const code = followed.code()
      return code === undefined || (code >= 0 && code <= 65_535)
    })
  )
  t.pass('none threw')
})
