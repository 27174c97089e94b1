/**
 * One end of an HTTP connection, to be run in a network namespace: `http.ts serve PORT`, until it is killed, or
 * `http.ts load HOST PORT SECONDS CONNECTIONS`: as many requests as the connections, which are kept, take; says requests per second.
 * `churn` is the same with a new connection for each request. `http.ts bare SOCKET BYTES` answers that many bytes to whatever is
 * asked on a unix socket, and tells whoever forked it when it listens.
 */
import { Agent, createServer, get } from 'node:http';

const [what = '', ...rest] = process.argv.slice(2);

const serve = (port: number): void => {
  createServer((_, response) => response.end('hello\n')).listen(port, '0.0.0.0', () => process.stdout.write('ready\n'));
};

const load = async (host: string, port: number, seconds: number, connections: number, keepAlive: boolean) => {
  const agent = new Agent({ keepAlive, maxSockets: connections });
  const request = async (): Promise<void> =>
    await new Promise((resolve, reject) => {
      get({ host, port, agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
  const begin = performance.now() + 300;
  const end = begin + seconds * 1000;
  let count = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      await request();
      if (performance.now() >= begin) count += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  process.stdout.write(`${count / seconds}\n`);
  process.exit(0);
};

const bare = (socketPath: string, bytes: number): void => {
  const body = Buffer.alloc(bytes, ' ');
  const headers = { 'content-type': 'application/json', 'content-length': bytes };
  const server = createServer((_, response) => response.writeHead(200, headers).end(body));
  server.listen(socketPath, () => process.send?.('ready'));
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
};

if (what === 'serve') serve(Number(rest[0]));
else if (what === 'bare') bare(rest[0] ?? '', Number(rest[1]));
else await load(rest[0] ?? '', Number(rest[1]), Number(rest[2]), Number(rest[3]), what === 'load');
