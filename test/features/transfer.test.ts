// Bodies go through, they are not kept: what is large passes in a memory that is small, and what nobody takes waits where
// it comes from. TRANSFER_MIB=1024 sends a GiB each way.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { listenOn } from '../../src/listen.ts'
import { type ServingChild, startServing } from '../child.ts'
import { metric } from '../metric.ts'
import { until } from '../until.ts'

const MiB = 1024 * 1024
const size = Number(process.env['TRANSFER_MIB'] ?? 128) * MiB
const growth = 64 * MiB

function* pieces(bytes: number): Iterable<Buffer> {
  const piece = Buffer.alloc(64 * 1024)
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece
}

type World = ServingChild & { readonly sent: () => number; readonly received: () => number }

/** `GET /1024` is answered with so many bytes, and what is posted counted. */
async function serving(t: Test): Promise<World> {
  let sent = 0
  let received = 0
  const answer = (question: IncomingMessage, response: ServerResponse) => {
    question.on('data', chunk => {
      received += chunk.length
    })
    if (question.method === 'POST') return void question.on('end', () => response.end())
    const asked = Number(question.url?.slice(1))
    response.setHeader('Content-Length', asked)
    const body = Readable.from(pieces(asked))
    body.on('data', chunk => {
      sent += chunk.length
    })
    response.on('close', () => body.destroy())
    body.pipe(response)
  }
  const origin = createServer(answer)
  const port = await listenOn(origin, '127.0.0.1', 0)
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => {
    origin.close()
    origin.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })
  const file = join(folder, 'rules.yaml')
  writeFileSync(
    file,
    `
access-log: { to: none }
upstreams: { origin: { targets: [{ url: "http://127.0.0.1:${port}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...(await startServing(t, ['--rules', file])), sent: () => sent, received: () => received }
}

function resident({ adminUrl }: World): Promise<number> {
  return metric(adminUrl, 'process_resident_memory_bytes')
}

function download({ port }: World, total: number): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: `/${total}`, agent: false }, response => {
      let bytes = 0
      response.on('data', chunk => {
        bytes += chunk.length
      })
      response.on('end', () => resolve(bytes))
      response.on('error', reject)
    }).on('error', reject)
  })
}

function upload({ port }: World, total: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method: 'POST', agent: false }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.on('error', reject)
    Readable.from(pieces(total)).pipe(asked)
  })
}

/** How far resident memory goes while both ways are full; bytes. */
async function grown(t: Test, world: World): Promise<number> {
  const before = await resident(world)
  let most = before
  let over = false
  const watch = async () => {
    while (!over) {
      most = Math.max(most, await resident(world))
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  const transfer = Promise.all([download(world, size), upload(world, size)]).finally(() => {
    over = true
  })
  // No look at it is under way when the gateway ends.
  const [[down, up]] = await Promise.all([transfer, watch()])
  t.equal(down, size)
  t.equal(up, 200)
  t.comment(`${Math.round(before / MiB)} MiB before, ${Math.round(most / MiB)} MiB at most`)
  return most - before
}

t.test(`${size / MiB} MiB each way at once do not stay in memory`, { timeout: 240_000 }, async t => {
  const world = await serving(t)
  // The first time it compiles what it runs, too.
  for (const when of ['just started', 'warm']) {
    const by = await grown(t, world)
    t.ok(by < growth, `${when}, it grew by ${(by / MiB).toFixed(1)} MiB`)
  }
  t.equal(world.received(), 2 * size)
})

t.test('of an answer that nobody takes, little leaves the upstream', async t => {
  const world = await serving(t)
  const before = await resident(world)
  const asked = get({ port: world.port, host: '127.0.0.1', path: `/${size}`, agent: false })
  asked.on('response', response => response.pause())
  asked.on('error', () => {})
  t.teardown(() => asked.destroy())
  let last = -1
  // It stands still when all buffers on the way are full.
  await until(async () => {
    const same = world.sent() > 0 && world.sent() === last
    last = world.sent()
    await new Promise(resolve => setTimeout(resolve, 200))
    return same
  }, 'it stands still')
  t.ok(world.sent() < size / 4, `${world.sent() / MiB} MiB left the upstream`)
  t.ok((await resident(world)) - before < growth)
})
