/** `http.ts SOCKET BYTES` answers that many bytes to whatever is asked on a unix socket, and tells whoever forked it when it listens. */
import { createServer } from 'node:http';

const [socketPath = '', bytes = '0'] = process.argv.slice(2);
const body = Buffer.alloc(Number(bytes), ' ');
const headers = { 'content-type': 'application/json', 'content-length': body.length };
const server = createServer((_, response) => response.writeHead(200, headers).end(body));
server.listen(socketPath, () => process.send?.('ready'));
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
