import { run } from '../room.ts'

run('features-a-b')
