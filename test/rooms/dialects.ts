import { run } from '../room.ts'

run('dialects')
