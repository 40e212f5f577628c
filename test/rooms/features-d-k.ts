import { run } from '../room.ts'

run('features-d-k')
