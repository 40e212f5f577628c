// Callers that keep their connections: `idle-callers.ts PORT NUMBER asked|silent`. It says so on stdout once all are there,
// and asks all of them once more for each line on stdin. It must not be loaded, only started.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const [port = 0, number = 0] = process.argv.slice(2).map(Number)
const silent = process.argv[4] === 'silent'
const atOnce = 100
const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

async function ask(socket: Socket): Promise<void> {
  socket.write(request)
  await once(socket, 'data')
}

async function open(index: number): Promise<Socket> {
  // One address has not many more ports than that.
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (index % 4)}` })
  await once(socket, 'connect')
  if (!silent) await ask(socket)
  return socket
}

/** Does it for each, so many at once. */
async function each<In, Out>(all: readonly In[], run: (one: In) => Promise<Out>): Promise<Out[]> {
  const done: Out[] = []
  for (let i = 0; i < all.length; i += atOnce) {
    done.push(...(await Promise.all(all.slice(i, i + atOnce).map(run))))
  }
  return done
}

const sockets = await each([...Array(number).keys()], open)
process.stdout.write('there\n')
for await (const _ of process.stdin) {
  await each(sockets, ask)
  process.stdout.write('asked\n')
}
