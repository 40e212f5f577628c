import t from 'tap'
import { ListenError, unlistened } from '../../src/app/listening.ts'

t.test('an address that cannot be had is told of with what to do', async t => {
  const where = { host: '127.0.0.1', port: 80 }
  const refused = (code: string) => () => unlistened('listen', where)(Object.assign(new Error(), { code }))
  t.throws(
    refused('EADDRINUSE'),
    new ListenError('127.0.0.1:80 is taken by another process; choose another with --listen')
  )
  t.throws(refused('EACCES'), { message: /needs rights/ })
  t.throws(refused('EINVAL'), { message: /cannot be listened on \(EINVAL\)/ })
})
