// The end of a door: who is idle goes, and who still takes its answer has all of it.
import t from 'tap'
import { listenOn } from '../../src/listen.ts'
import { plainDoor } from '../../src/proxy/door.ts'
import { drain } from '../../src/proxy/draining.ts'
import { connectRaw, requestOf } from '../raw.ts'
import { until } from '../until.ts'

// node:http takes a request whose answer was handed over for done, though most of it is still on its way: what it
// closes as idle lost the rest, behind a clean end.
for (const residents of [0, 10]) {
  t.test(`an answer that is handed over, and not taken yet, is not cut; ${residents} residents`, async t => {
    const patience = { header: 10_000, keepAlive: 10_000 }
    const door = plainDoor({}, { http1: true, streams: undefined, patience: () => patience, residents })
    const large = Buffer.alloc(16 * 1024 * 1024, 'a')
    let handedOver = 0
    door.server.on('request', (request, response) => {
      response.end(request.url === '/large' ? large : 'ok', () => {
        if (request.url === '/large') handedOver++
      })
    })
    const port = await listenOn(door.server, '127.0.0.1', 0)
    const slow = await connectRaw(t, port)
    slow.send(requestOf({ path: '/large' }))
    await until(() => slow.text().length > 0, 'it has begun')
    slow.socket.pause()
    const idle = await connectRaw(t, port)
    idle.send(requestOf({}))
    await idle.answer()
    const over = drain(door, new Set(), 10_000)
    t.match(await idle.over, /end|close/, 'who is idle has been looked for')
    t.equal(handedOver, 0, 'the other has not taken all')
    slow.socket.resume()
    await over
    await slow.over
    t.ok(slow.text().length > large.length, `of ${large.length} bytes came ${slow.text().length}`)
  })
}
