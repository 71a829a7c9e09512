import { createServer } from 'node:http';

/** Replaces ComfyUI where only the way to it is measured: `node --import tsx bench/echo-upstream.ts <port>`. */
createServer((_, response) => {
  response.end('{"queue_running":[],"queue_pending":[]}');
}).listen(Number(process.argv[2]), '127.0.0.1', () => {
  console.log('ready');
});
