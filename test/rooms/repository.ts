import { run } from '../room.ts'

run('repository')
