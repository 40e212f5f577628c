// The version of this package, read once.
import { readFileSync } from 'node:fs'
import { home } from './home.ts'

function read(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', home), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return typeof version === 'string' ? version : ''
}

/** As in package.json: `1.4.2`. */
export const version = read()
