import type { Socket } from 'node:net';
import { longestLine } from './protocol.ts';

/** Calls `take` with each line that comes in. A line that is too long, or that `take` refuses, ends the connection. */
export function readLines(socket: Socket, take: (line: string) => boolean): void {
  let parts: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const line = parts.join('') + chunk.slice(start, end);
      parts = [];
      length = 0;
      start = end + 1;
      if (line.length > longestLine || !take(line)) {
        socket.destroy();
        return;
      }
      if (socket.destroyed) return;
    }
    const rest = chunk.slice(start);
    length += rest.length;
    if (rest !== '') parts.push(rest);
    if (length > longestLine) socket.destroy();
  });
}
