// Whose turn it is on a connection, and when no more is read from it.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { plainDoor } from '../../src/proxy/door.ts'
import { createTurns, type Waiting } from '../../src/proxy/turns.ts'

const door = plainDoor(
  {},
  { http1: true, streams: undefined, patience: () => ({ header: 0, keepAlive: 0 }), residents: 0 }
)

function waitingOn(socket: Socket): Waiting {
  const request = new IncomingMessage(socket)
  return { door, request, response: new ServerResponse(request), failure: undefined }
}

/** As node:http does with the answer that is next. */
function handOn(one: Waiting | undefined, socket: Socket): void {
  one?.response.assignSocket(socket)
}

t.test('nobody waits unless somebody came', async t => {
  t.equal(createTurns().next(new Socket()), undefined)
})

t.test('they follow in their order, and no more is read while many wait', async t => {
  const turns = createTurns()
  const socket = new Socket()
  const all = Array.from({ length: 20 }, () => waitingOn(socket))
  const paused: boolean[] = []
  for (const one of all) {
    turns.wait(socket, one)
    paused.push(socket.isPaused())
  }
  t.equal(paused.indexOf(true), 16)
  let resumed = 0
  for (const [index, one] of all.entries()) {
    handOn(one, socket)
    t.equal(turns.next(socket), one)
    one.response.detachSocket(socket)
    if (socket.isPaused()) resumed = index + 1
  }
  t.equal(resumed, 11, 'half of them are left by then')
  t.equal(turns.next(socket), undefined)
})

t.test('where the connection was not handed on, all that wait are given up', async t => {
  const turns = createTurns()
  const socket = new Socket()
  const all = [waitingOn(socket), waitingOn(socket)]
  for (const one of all) turns.wait(socket, one)
  t.equal(turns.next(socket), undefined)
  t.equal(all[1]?.request.readableFlowing, true, 'what is left of their bodies is read, and not kept')
  handOn(all[1], socket)
  t.equal(turns.next(socket), undefined, 'and are forgotten')
})

t.test('nor is anybody served on a connection that cannot be written to', async t => {
  const turns = createTurns()
  const socket = new Socket()
  const one = waitingOn(socket)
  turns.wait(socket, one)
  handOn(one, socket)
  socket.destroy()
  t.equal(turns.next(socket), undefined)
})
