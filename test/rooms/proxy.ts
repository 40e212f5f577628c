import { run } from '../room.ts'

run('proxy')
