// "Can one connection of cheap frames hold up all others?" What a flood of each kind comes to: its connection ends, or it
// costs no memory; whoever else is there is answered meanwhile. The floods of CVE-2019-9511 to 9518, and CVE-2023-44487
// and CVE-2024-27983, which h2-hostile.test.ts has.
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { startServing } from '../child.ts'
import { blockOf, connectFrames, type FrameClient, frameTypes } from '../h2.ts'
import { startOrigin } from '../origin.ts'
import { ask, statusOf } from '../raw.ts'
import { until } from '../until.ts'

const total = 120_000
const batch = 2_000
/** More than a young generation, less than a flood of any kind would come to if something of each frame were kept. */
const growthMiB = 48

const fields = [':method', 'POST', ':scheme', 'http', ':path', '/slow', ':authority', 'shop.example']
const endHeaders = 4

/** Of the PING behind it all. */
const last = Buffer.from('the last')

function frame(type: number, flags: number, stream: number, payload: readonly number[] = []): Buffer {
  return Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload])
}

const openStream = (client: FrameClient) => client.send(frameTypes.headers, endHeaders, 1, blockOf(fields))

type Flood = {
  readonly what: string
  readonly frame: Buffer
  readonly before?: (client: FrameClient) => void
  /** Whether what it answers is taken. */
  readonly reads?: boolean
  /** It is taken for no attack: nothing of it is kept, and nothing answered. */
  readonly harmless?: true
}

const floods: readonly Flood[] = [
  { what: 'SETTINGS', frame: frame(4, 0, 0) },
  { what: 'SETTINGS whose acknowledgements nobody takes', frame: frame(4, 0, 0), reads: false },
  { what: 'SETTINGS that change a value', frame: frame(4, 0, 0, [0, 3, 0, 0, 0, 9]) },
  { what: 'PING', frame: frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]) },
  { what: 'PING whose answers nobody takes', frame: frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]), reads: false },
  { what: 'answers to PINGs that nobody sent', frame: frame(6, 1, 0, [1, 2, 3, 4, 5, 6, 7, 8]) },
  { what: 'PRIORITY', frame: frame(2, 0, 1, [0, 0, 0, 3, 9]) },
  { what: 'WINDOW_UPDATE of the connection', frame: frame(8, 0, 0, [0, 0, 0, 1]), harmless: true },
  {
    what: 'WINDOW_UPDATE of a stream',
    frame: frame(8, 0, 1, [0, 0, 0, 1]),
    before: openStream,
    harmless: true
  },
  { what: 'DATA without any', frame: frame(0, 0, 1), before: openStream },
  {
    what: 'DATA that is padding alone',
    frame: frame(0, 8, 1, [2, 0, 0]),
    before: openStream,
    harmless: true
  },
  {
    what: 'CONTINUATION without anything',
    frame: frame(9, 0, 1),
    before: client => client.send(frameTypes.headers, 0, 1, blockOf(fields))
  },
  { what: 'RST_STREAM of one stream', frame: frame(3, 0, 1, [0, 0, 0, 8]), before: openStream },
  { what: 'frames of a kind that nobody knows', frame: frame(200, 0, 0, [1, 2, 3]) }
]

function residentMiB(pid = 0): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

async function flooded(t: Test, port: number, flood: Flood): Promise<{ sent: number; closed: boolean }> {
  const client = await connectFrames(t, port)
  flood.before?.(client)
  if (flood.reads === false) client.socket.pause()
  const many = Buffer.concat(Array.from({ length: batch }, () => flood.frame))
  let sent = 0
  // Of a socket that does not read, only a write tells that the other end is gone.
  let gone = false
  client.socket.on('error', () => {
    gone = true
  })
  while (sent < total && !gone && !client.closed()) {
    sent += batch
    await new Promise<void>(resolve => client.socket.write(many, () => resolve()))
  }
  const ended = () => gone || client.closed()
  // Sent is not read: what comes behind it is answered once all of it was.
  client.send(frameTypes.ping, 0, 0, last)
  const answered = () =>
    client.frames.some(({ type, payload }) => type === frameTypes.ping && payload.equals(last))
  if (flood.reads === false)
    await until(() => ended() || client.socket.writableLength === 0, 'all of it is out')
  client.socket.resume()
  await until(() => ended() || answered(), `an end of ${flood.what}`, 20_000)
  return { sent, closed: ended() }
}

const skip = process.platform !== 'linux' && 'memory of a process is looked up in /proc'

t.test('cheap frames without end hold up nobody, and pile up nowhere', { skip }, async t => {
  const origin = await startOrigin(t, ({ start }) =>
    start.includes('/slow') ? undefined : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  )
  const child = await startServing(t, ['--upstream', origin.url])
  const { pid } = child.process
  for (let i = 0; i < 50; i++) await ask(t, child.port)
  for (const flood of floods) {
    const before = residentMiB(pid)
    let over = false
    const flooding = flooded(t, child.port, flood).finally(() => {
      over = true
    })
    let answered = 0
    do {
      t.equal(statusOf(await ask(t, child.port)), 200)
      answered++
    } while (!over)
    const { sent, closed } = await flooding
    const grown = residentMiB(pid) - before
    t.ok(before > 20 && grown < growthMiB, `${flood.what}: ${grown.toFixed(0)} MiB`)
    t.equal(closed, flood.harmless !== true, flood.harmless ? 'it is taken' : 'it ends')
    t.comment(`${flood.what}: ${closed ? 'ended' : 'taken'}, ${sent} sent, ${answered} others answered`)
  }
  t.equal(child.process.exitCode, null)
})
