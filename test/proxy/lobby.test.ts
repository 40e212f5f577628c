// Connections between requests: who leaves node:http and comes back loses nothing, and who waits too long is ended.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import t, { type Test } from 'tap'
import { listenOn } from '../../src/listen.ts'
import { plainDoor } from '../../src/proxy/door.ts'
import { Visit } from '../../src/proxy/visit.ts'
import { connectRaw, requestOf } from '../raw.ts'
import { until } from '../until.ts'

const long = { header: 10_000, keepAlive: 10_000 }

/** A door whose server answers with the number of the request on its connection; visits are kept as they come. */
async function open(t: Test, patience = long, residents = 0) {
  const door = plainDoor({}, { http1: true, streams: undefined, patience: () => patience, residents })
  const visits: Visit[] = []
  door.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const visit: Duplex = request.socket
    if (!(visit instanceof Visit)) return void response.end('resident')
    if (!visits.includes(visit)) visits.push(visit)
    visit.requests++
    request.resume().on('end', () => {
      if (request.url !== '/never') response.end(String(visit.requests))
    })
  })
  const port = await listenOn(door.server, '127.0.0.1', 0)
  t.teardown(() => {
    door.server.close()
    door.lobby.clear()
    for (const visit of visits) visit.destroy()
  })
  return { port, visits, lobby: door.lobby }
}

t.test('an idle connection leaves node:http, and goes on where it was', async t => {
  const { port, visits } = await open(t)
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  t.match((await client.answer()).body.toString(), '1')
  await until(() => visits[0]?.destroyed === true, 'the visit is over')
  client.send(requestOf({}))
  t.match((await client.answer(1)).body.toString(), '2', 'it is the same connection, on another visit')
  t.equal(visits.length, 2)
})

t.test('one with half a request, or an answer that is owed, stays', async t => {
  const { port, visits } = await open(t)
  const half = await connectRaw(t, port)
  half.send(`${requestOf({})}GET / HT`)
  await half.answer()
  const owed = await connectRaw(t, port)
  owed.send(requestOf({ path: '/never' }))
  const idle = await connectRaw(t, port)
  idle.send(requestOf({}))
  await idle.answer()
  await until(() => visits.length === 3, 'all are in')
  await until(() => visits[2]?.destroyed === true, 'the idle one has left')
  t.same(
    visits.slice(0, 2).map(visit => visit.destroyed),
    [false, false]
  )
  half.send('TP/1.1\r\nHost: a\r\n\r\n')
  t.match((await half.answer(1)).body.toString(), '2')
})

t.test('who waits too long is ended, with a word or without', async t => {
  // Each at a door of its own: who is to be served first must not run out of the time for its first byte.
  const silent = await connectRaw(t, (await open(t, { ...long, header: 100 })).port)
  const used = await connectRaw(t, (await open(t, { ...long, keepAlive: 100 })).port)
  used.send(requestOf({}))
  await used.answer()
  t.equal(await silent.over, 'end')
  t.equal(await used.over, 'end')
})

t.test('a caller that ends while it waits is gone', async t => {
  const { port, visits } = await open(t)
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  await client.answer()
  await until(() => visits[0]?.destroyed === true, 'the visit is over')
  client.socket.end()
  t.equal(await client.over, 'end')
})

t.test('the first ones stay with node:http, whatever visits do, and leave room when they go', async t => {
  const { port, visits, lobby } = await open(t, long, 1)
  const first = await connectRaw(t, port)
  first.send(requestOf({}))
  t.equal((await first.answer()).body.toString(), 'resident')
  const second = await connectRaw(t, port)
  second.send(requestOf({}))
  t.equal((await second.answer()).body.toString(), '1')
  await until(() => visits[0]?.destroyed === true, 'the visit is over')
  first.send(requestOf({}))
  t.equal((await first.answer(1)).body.toString(), 'resident', 'who was idle as long is there still')
  first.socket.destroy()
  const third = await connectRaw(t, port)
  await until(async () => {
    third.send(requestOf({}))
    return (await third.answer(third.answers.length)).body.toString() === 'resident'
  }, 'its place is free')
  lobby.clear()
})
