// nginx, one worker, as its documentation sets up a proxy with kept-alive upstream connections.
import { join } from 'node:path'
import { findProgram, type Peer, startProgram } from './peer.ts'

/** https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive */
function settings(port: number, upstream: number, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `  ${kind}_temp_path ${join(folder, kind)};`
  )
  // A worker of nobody's could not write in the folder of who started it.
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  return `${user}daemon off;
worker_processes 1;
pid ${join(folder, 'pid')};
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
${temporary.join('\n')}
  upstream orders { server 127.0.0.1:${upstream}; keepalive 256; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    location / { proxy_pass http://orders; }
    location /events/ { proxy_pass http://orders; proxy_buffering off; }
  }
}
`
}

export const nginx: Peer = {
  name: 'nginx',
  settings:
    '`worker_processes 1`, upstream `keepalive 256`, `access_log off`, `proxy_buffering off` for SSE only',
  find: () => findProgram('nginx', '-v'),
  start: (upstream, folder) =>
    startProgram(
      'nginx',
      folder,
      'nginx.conf',
      port => settings(port, upstream, folder),
      path => ['-p', folder, '-e', 'stderr', '-c', path]
    )
}
