import { run } from '../room.ts'

run('rules')
