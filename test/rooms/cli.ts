import { run } from '../room.ts'

run('cli')
