import { run } from '../room.ts'

run('outside')
