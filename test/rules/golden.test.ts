// Rule files with what comes of them beside them: NAME.yaml or folder NAME, and NAME.effective or NAME.complaints.
// GOLDEN=write writes the expectations anew; read the difference before it is committed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatComplaint } from '../../src/rules/complaint.ts'
import { loadRules } from '../../src/rules/load.ts'
import { printRules } from '../../src/rules/print.ts'

const golden = 'test/golden'
const env = { HOSTNAME: 'pod-1', TOKEN: 'abc123', OTLP_URL: 'http://collector:4318/key-abc/v1/traces' }

const inputs = readdirSync(golden, { withFileTypes: true })
  .filter(each => (each.isDirectory() ? each.name.startsWith('folder') : each.name.endsWith('.yaml')))
  .map(each => each.name)

t.test('every rule file comes to what is written beside it', async t => {
  t.ok(inputs.length > 0)
  for (const input of inputs) {
    const result = loadRules(join(golden, input), env)
    const refused = 'complaints' in result
    const text = refused
      ? result.complaints.map(each => `${formatComplaint(each)}\n`).join('')
      : printRules(result.rules)
    const base = join(golden, input.replace('.yaml', ''))
    const expected = `${base}.${refused ? 'complaints' : 'effective'}`
    if (process.env['GOLDEN'] === 'write') writeFileSync(expected, text)
    t.equal(text, existsSync(expected) ? readFileSync(expected, 'utf8') : '', input)
    t.notOk(existsSync(`${base}.${refused ? 'effective' : 'complaints'}`), `${input} has one outcome`)
  }
})
