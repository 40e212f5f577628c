import { run } from '../room.ts'

run('report')
