import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { createPacker } from '../../src/report/gzip.ts'

t.test('bodies of any size come out as they went in, each for itself', async t => {
  const packer = createPacker()
  t.teardown(packer.close)
  const sizes = [0, 1, 100, 16_384, 65_536, 500_000]
  // What packs well, and what does not at all: more than one part comes out of that.
  const bodies = sizes.flatMap(size => [Buffer.alloc(size, 'span '), randomBytes(size)])
  const packed = await Promise.all(bodies.map(packer.pack))
  for (const [i, body] of bodies.entries())
    t.ok(gunzipSync(packed[i] ?? '').equals(body), `${body.length} bytes`)
  t.ok((packed[8]?.length ?? 0) < 1000, 'and small where they can be')
})

t.test('one that is closed takes nothing more, and leaves nobody waiting', async t => {
  const packer = createPacker()
  const under = packer.pack(randomBytes(5_000_000))
  const waiting = packer.pack(Buffer.from('a'))
  const results = Promise.allSettled([under, waiting])
  await new Promise(resolve => setImmediate(resolve))
  packer.close()
  t.match(await results, [{ status: 'rejected' }, { status: 'rejected' }])
  await t.rejects(packer.pack(Buffer.from('b')), { message: 'closed' })
  packer.close()
  createPacker().close()
})
