// What is installed beside the gateway in production: little of it, all of it pinned by digest, and nothing that runs
// when it is installed.
import { readFileSync } from 'node:fs'
import t from 'tap'

type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
type Locked = {
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8')
)

/** Where Node finds a package: beside whoever asks, or further up. */
function pathOf(name: string, asking: string): string {
  const path = `${asking === '' ? '' : `${asking}/`}node_modules/${name}`
  if (lock.packages[path] !== undefined) return path
  if (asking === '') throw new Error(`${name} is not in the lock file`)
  return pathOf(name, asking.slice(0, Math.max(asking.lastIndexOf('/node_modules/'), 0)))
}

/** All that the named packages bring, by path. What only a peer asks for is ours to bring, and is not. */
function broughtBy(names: Iterable<string>, asking = '', found = new Map<string, Locked>()) {
  for (const name of names) {
    const path = pathOf(name, asking)
    const one = lock.packages[path]
    if (one === undefined || found.has(path)) continue
    found.set(path, one)
    broughtBy(Object.keys({ ...one.dependencies, ...one.optionalDependencies }), path, found)
  }
  return found
}

const installed = [...broughtBy(Object.keys(manifest.dependencies))]

t.test('no dependency of production runs a script when it is installed', async t => {
  t.ok(installed.length > 0)
  for (const [path, { hasInstallScript }] of installed) t.not(hasInstallScript, true, path)
})

t.test('package.json names exact versions', async t => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    t.match(version, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, name)
  }
})

t.test('the lock file has a digest of every package, and all are from one registry', async t => {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
  t.ok(packages.length > installed.length)
  const loose = packages.filter(
    ([, { resolved = '', integrity = '' }]) =>
      !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) || !resolved.startsWith('https://registry.npmjs.org/')
  )
  t.strictSame(
    loose.map(([path]) => path),
    []
  )
})

t.test('there are few: each one more is one more to be trusted', async t => {
  t.ok(Object.keys(manifest.dependencies).length <= 12, 'named')
  t.ok(installed.length <= 20, `${installed.length} with all that they bring`)
})
