import { run } from '../room.ts'

run('heart')
