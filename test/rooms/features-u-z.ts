import { run } from '../room.ts'

run('features-u-z')
