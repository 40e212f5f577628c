// No test is lost: each file is run once, in a room or in a process of its own.
import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { asked } from './room.ts'
import { apart, filesOf, rooms } from './rooms.ts'

const everyFile = globSync('test/**/*.test.ts', { exclude: ['**/node_modules/**'] }).sort()
const names = Object.keys(rooms) as readonly (keyof typeof rooms)[]
const shared = names.flatMap(name => filesOf(name).map(file => `test/${file}`))
const included: readonly string[] = JSON.parse(readFileSync('package.json', 'utf8')).tap.include

t.test('every file is run, and only once', async t => {
  const started = included.flatMap(pattern => globSync(pattern))
  const own = started.filter(file => file.endsWith('.test.ts'))
  t.strictSame([...shared, ...own].sort(), everyFile)
  t.strictSame(own.sort(), apart.map(file => `test/${file}`).sort())
  t.strictSame(
    started.filter(file => !own.includes(file)).sort(),
    names.map(name => `test/rooms/${name}.ts`).sort(),
    'and every room is'
  )
})

t.test('each file of a room runs the room of its name', async t => {
  for (const name of names)
    t.ok(readFileSync(`test/rooms/${name}.ts`, 'utf8').includes(`run('${name}')`), name)
})

/** Who does this to its process does it to all who share it. */
const toAll = /setFlagsFromString|setGlobalDispatcher|process\.(?:chdir|on|once)\(|process\.env\S* = /

t.test('a file that shares its process asks nothing of all the others', async t => {
  const may: readonly string[] = [...asked, 'jobs']
  for (const file of shared.filter(each => each !== 'test/rooms.test.ts')) {
    const text = readFileSync(file, 'utf8')
    const asks = [...text.matchAll(/^t\.(\w+)/gm)].map(([, name = '']) => name)
    t.strictSame(
      asks.filter(name => !may.includes(name)),
      [],
      file
    )
    t.notOk(toAll.test(text), file)
  }
})
