import { run } from '../room.ts'

run('features-c')
