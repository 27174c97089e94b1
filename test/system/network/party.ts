/**
 * Someone in a network namespace, `party.ts NAME [PORT]`: serves on the port, TCP and UDP, its name and who asks (as long as the question, where that is long), and on the
 * next one TCP, what it is sent; asks what JSON lines on standard input tell it to, and answers each with one line. Says `ready` first.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { question } from './client.ts';

const [name = '', port] = process.argv.slice(2);
if (port !== undefined) {
  for (const [type, host] of [
    ['udp4', '0.0.0.0'],
    ['udp6', '::'],
  ] as const) {
    const udp = createSocket({ type, ipv6Only: type === 'udp6' });
    udp.on('message', (message, { address, port: from }) => {
      const padding = message.length > 100 ? message.length : 0;
      udp.send(`${name} ${address}`.padEnd(padding), from, address);
    });
    await new Promise<void>((resolve) => udp.bind(Number(port), host, resolve));
    const tcp = createServer((connection) => {
      connection.on('error', () => connection.destroy());
      connection.end(`${name} ${connection.remoteAddress ?? ''}`);
    });
    await new Promise<void>((resolve) => tcp.listen({ port: Number(port), host, ipv6Only: true }, resolve));
  }
  const echo = createServer((connection) => {
    connection.on('error', () => connection.destroy());
    connection.setNoDelay(true).pipe(connection);
  });
  await new Promise<void>((resolve) => echo.listen(Number(port) + 1, '0.0.0.0', resolve));
}
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { id, asked } = JSON.parse(line) as { id: number; asked: [string, string, string, string?] };
  void question(...asked).then((value) => process.stdout.write(`${JSON.stringify({ id, value })}\n`));
}
process.exit(0);
