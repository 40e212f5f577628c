import { run } from '../room.ts'

run('attacks')
