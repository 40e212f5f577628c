// What idle connections cost: `node test/bench/idle.ts [number]`. Each has had one request answered, and is kept.
// Needs a limit of open files above the number (ulimit -n).
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { startServing } from '../child.ts'
import { metric } from '../metric.ts'

const number = Number(process.argv[2] ?? 10_000)
const atOnce = 100
const MiB = 1024 * 1024
const ends: (() => unknown)[] = []

async function ask(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  return socket
}

const gateway = await startServing({ teardown: end => void ends.push(end) }, [])
const resident = () => metric(gateway.adminUrl, 'process_resident_memory_bytes')
const before = await resident()
const sockets: Socket[] = []
while (sockets.length < number) {
  const some = Math.min(atOnce, number - sockets.length)
  sockets.push(...(await Promise.all(Array.from({ length: some }, () => ask(gateway.port)))))
}
// Time to collect what was only for the requests.
await new Promise(resolve => setTimeout(resolve, 5000))
const open = await metric(gateway.adminUrl, 'tracebridge_connections')
const after = await resident()
process.stdout.write(
  `${open} idle connections: ${Math.round(after / MiB)} MiB, ${Math.round(before / MiB)} MiB before, ${((after - before) / open / 1024).toFixed(1)} KiB each\n`
)
for (const socket of sockets) socket.destroy()
for (const end of ends) await end()
