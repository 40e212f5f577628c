// A shell, as of somebody who pastes a command.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Resolves when the command went well; rejects with what it said. */
export async function sh(command: string): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] }
  })
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${said}\n${command}`)
}
