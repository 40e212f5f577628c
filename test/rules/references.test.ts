import { join } from 'node:path'
import t from 'tap'
import { hideSecret, resolveReferences } from '../../src/rules/references.ts'
import { complaintsOf, folderOf, loaded, minimal } from './rule-files.ts'

const env = { NAME: 'value', EMPTY: '', NESTED: `\${NAME}` }

function textOf(text: string, from = 'rules.yaml'): string {
  return resolveReferences(text, env, from).text
}

t.test('names are read from the environment', async t => {
  t.equal(textOf(`a-\${NAME}-b-\${NAME}`), 'a-value-b-value')
  t.equal(textOf(`\${NONE:-other}`), 'other')
  t.equal(textOf(`\${EMPTY:-other}`), 'other')
  t.equal(textOf(`\${NONE:-}`), '')
  t.equal(textOf(`\${EMPTY}`), '')
  t.equal(textOf('plain $NAME {x}'), 'plain $NAME {x}')
})

t.test('what a reference brings is not looked at again', async t => {
  t.equal(textOf(`\${NESTED}`), `\${NAME}`)
})

t.test(`$\${ is a literal`, async t => {
  t.equal(textOf(`$\${NAME}`), `\${NAME}`)
})

t.test('names of objects are no environment', async t => {
  t.not(resolveReferences(`\${__proto__}`, {}, 'f').missing.length, 0)
})

t.test('files are read beside the rule file, without their last line feed', async t => {
  const folder = folderOf(t, { 'secrets/token': 'abc\n', lines: 'a\nb\n' })
  const from = join(folder, 'rules.yaml')
  t.equal(textOf(`Bearer \${file:secrets/token}`, from), 'Bearer abc')
  t.equal(textOf(`\${file:${join(folder, 'lines')}}`, '/elsewhere/rules.yaml'), 'a\nb')
  t.same(resolveReferences(`\${file:secrets/token}`, env, from).files, [join(folder, 'secrets/token')])
})

t.test('what is missing or no reference is said', async t => {
  for (const text of [`\${NONE}`, `\${file:/no/such/file}`, `\${}`, `\${1A}`, `\${NAME`, `\${a-b}`]) {
    t.equal(resolveReferences(text, env, 'f').missing.length, 1, text)
  }
})

t.test('a missing variable is complained of at its place, and only once', async t => {
  t.same(complaintsOf(t, `${minimal}admin:\n  address: \${NONE}\n`), [
    '5:12 .admin.address expected the environment variable NONE to be set'
  ])
})

t.test('a value by reference takes the type that its place wants', async t => {
  const text = `
service: { name: "\${TEXT}" }
upstreams:
  a:
    targets:
      - url: http://127.0.0.1:\${PORT}
        weight: \${WEIGHT}
        tags: { version: "\${VERSION}" }
      - { url: http://b, weight: "\${WEIGHT}" }
  demo: { echo: "\${ECHO}" }
routes: [{ match: {}, upstream: a }]
sampling: { rate: "\${RATE}" }
`
  const { settings } = loaded(t, text, {
    TEXT: '12',
    PORT: '9000',
    WEIGHT: '3',
    VERSION: '1.10',
    ECHO: 'true',
    RATE: '0.25'
  })
  t.equal(settings.service.name, '12')
  const targets = settings.upstreams.get('a')?.targets ?? []
  t.same(
    targets.map(each => each.weight),
    [3, 3]
  )
  t.equal(targets[0]?.url.origin, 'http://127.0.0.1:9000')
  t.equal(targets[0]?.tags.get('version'), '1.10')
  t.equal(settings.upstreams.get('demo')?.echo, true)
  t.equal(settings.sampling.rate, 0.25)
})

t.test('a value by reference that does not fit is refused without being shown', async t => {
  const complaints = complaintsOf(
    t,
    `${minimal}admin: { token: "\${SECRET}" }\nsampling: { rate: "\${SECRET}" }\n`,
    {
      SECRET: 'hunter 2'
    }
  )
  t.same(
    complaints.map(each => each.split(' ')[1]),
    ['.admin.token', '.sampling.rate']
  )
  t.notMatch(complaints.join(), 'hunter')
})

t.test('of a secret only references are shown', async t => {
  t.equal(hideSecret(`\${file:/run/secrets/x}`), `\${file:/run/secrets/x}`)
  t.equal(hideSecret(`Bearer \${TOKEN}`), `Bearer \${TOKEN}`)
  t.equal(hideSecret(`\${TOKEN:-secret}`), '***')
  t.equal(hideSecret(`Basic c2VjcmV0\${X}`), '***')
  t.equal(hideSecret(`$\${secret} \${X}`), '***')
  t.equal(hideSecret(undefined), '***')
})
