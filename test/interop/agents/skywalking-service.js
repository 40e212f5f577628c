// A service under skywalking-backend-js that reports to the back end of argv[2], and calls on where it is told to.
import skywalking from 'skywalking-backend-js'
import { ask, serve } from './serve.js'

skywalking.default.start({
  serviceName: 'old-service',
  serviceInstance: 'old-1',
  collectorAddress: process.argv[2]
})

// Its plugin around node:http sees the request and the call; there is nothing to do by hand.
serve({ call: to => ask(to), seen: () => 'here' })
