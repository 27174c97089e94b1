/**
 * Someone in a container who means ill to the node's resolver, `hostile.ts KIND SERVER ARGUMENT`: `storm MS` (a thousand connections with half a
 * question each, questions as fast as they go, and long messages that are costly to read), `label NAME` (asks for the name as one
 * label, and says what it was answered, as hex).
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { pointerChain } from '../../../src/agent/dns/testing/chain.ts';

/** For an address, with the name as one label. */
const question = (name: string): Buffer => {
  const head = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.from([name.length]), Buffer.from(name), Buffer.from([0, 0, 1, 0, 1])]);
};

const kinds: Readonly<Record<string, (socket: Socket, server: string, argument: string) => Promise<string>>> = {
  async storm(socket, server, ms) {
    const connections = Array.from({ length: 1_000 }, () => {
      const connection = connect(53, server, () => connection.write(Buffer.from([0, 9, 1])));
      return connection.on('error', () => connection.destroy());
    });
    const chain = pointerChain('near');
    const end = performance.now() + Number(ms);
    for (let turn = 0; performance.now() < end; turn += 1) {
      socket.send(turn % 32 === 0 ? chain : question(`n${turn}`));
      if (turn % 64 === 0) await setImmediate();
    }
    for (const each of connections) each.destroy();
    return 'over';
  },
  async label(socket, _, name) {
    socket.send(question(name));
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    return answer.toString('hex');
  },
};

const [kind = '', server = '', argument = ''] = process.argv.slice(2);
const socket = createSocket('udp4');
await new Promise<void>((resolve) => socket.connect(53, server, resolve));
socket.on('error', () => undefined);
process.stdout.write(`${await kinds[kind]?.(socket, server, argument)}\n`);
socket.close();
