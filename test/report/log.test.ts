import t from 'tap'
import { createLog, type Level } from '../../src/report/log.ts'

function logged(level: Level = 'info') {
  const lines: string[] = []
  const log = createLog({ level, write: line => lines.push(line), now: () => 0 })
  return { lines, log }
}

t.test('a message is one line of JSON with its fields', async t => {
  const { lines, log } = logged()
  log.warn('rules are\nrefused', { file: 'a.yaml', complaints: 2 })
  t.strictSame(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"rules are\\nrefused","file":"a.yaml","complaints":2}\n'
  ])
})

t.test('levels below the chosen one are silent', async t => {
  const { lines, log } = logged('warn')
  log.info('a')
  log.warn('b')
  log.error('c')
  t.strictSame(
    lines.map(line => JSON.parse(line).message),
    ['b', 'c']
  )
})

t.test('no field can pass for the level, and none can make it throw', async t => {
  const { lines, log } = logged()
  log.info('a', { level: 'error', message: 'forged' })
  log.info('b', { big: 1n })
  t.match(
    lines.map(line => JSON.parse(line)),
    [
      { level: 'info', message: 'a' },
      { level: 'info', message: 'b', fields: 'not JSON' }
    ]
  )
})

t.test('a writer that throws stops nobody', async t => {
  const write = () => {
    throw new Error('EPIPE')
  }
  t.doesNotThrow(() => createLog({ level: 'info', write }).error('a'))
})
