// Effective rules as YAML text, for `check --print` and /config: itself a rule file, secrets aside.
import { stringify } from 'yaml'
import type { Rules } from './rules.ts'

/** Ends with a line feed. */
export function printRules({ effective }: Pick<Rules, 'effective'>): string {
  return stringify(effective, {
    version: '1.2',
    schema: 'core',
    lineWidth: 110,
    aliasDuplicateObjects: false
  })
}
