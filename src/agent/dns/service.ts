import type { Socket } from 'node:net';
import { TuttiError } from '../../model/errors.ts';
import type { Log } from '../../platform/ports.ts';
import type { Dns } from './dns.ts';
import { readLines } from './lines.ts';
import { dnsProtocol, mostRows, toResolver } from './protocol.ts';
import type { FromResolver, ToResolver } from './protocol.ts';
import { rowKey } from './row.ts';
import type { Row } from './row.ts';

/** The resolver's side of what the agent tells it. */
export interface DnsService extends Disposable {
  /** Takes a connection of an agent; the one before it is ended. */
  accept(socket: Socket): void;
}

/** A change that has not been told whole yet. */
interface Draft {
  readonly sequence: number;
  readonly whole: boolean;
  readonly put: Map<string, Row>;
  readonly remove: Set<string>;
}

/**
 * Gives the resolver what an agent says. With no agent it goes on with what it has; the first change of each
 * connection has to be a whole one, which takes the place of everything that an earlier agent said.
 */
export function createDnsService({
  dns,
  log,
}: {
  readonly dns: Pick<Dns, 'change' | 'size' | 'listen'>;
  readonly log: Log;
}): DnsService {
  let known = false;
  let current: Socket | undefined;

  const serve = (socket: Socket): void => {
    let begun = false;
    let draft: Draft | undefined;
    const say = (message: FromResolver): void => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
    };
    const change = (part: Extract<ToResolver, { kind: 'change' }>): boolean => {
      if (!part.whole && !begun) return false;
      draft ??= { sequence: part.sequence, whole: part.whole, put: new Map(), remove: new Set() };
      if (draft.sequence !== part.sequence || draft.whole !== part.whole) return false;
      for (const key of part.remove) draft.remove.add(key);
      for (const row of part.put) draft.put.set(rowKey(row), row);
      const before = draft.whole ? 0 : dns.size();
      if (before - draft.remove.size + draft.put.size > mostRows) return false;
      if (!part.last) return true;
      const { whole, put, remove } = draft;
      draft = undefined;
      begun = true;
      known = true;
      dns.change({ whole, put: [...put.values()], remove: [...remove] });
      say({ kind: 'applied', sequence: part.sequence });
      return true;
    };
    const listen = async ({ id, address }: Extract<ToResolver, { kind: 'listen' }>): Promise<void> => {
      try {
        await dns.listen(address);
        say({ kind: 'listened', id });
      } catch (thrown) {
        const { code, message } = TuttiError.from(thrown);
        say({ kind: 'listened', id, refused: { code, message: message.slice(0, 4096) } });
      }
    };
    readLines(socket, (line) => {
      const message = toResolver(line);
      if (message?.kind === 'listen') void listen(message);
      const taken = message?.kind === 'change' ? change(message) : message !== undefined;
      if (!taken) log.warn('what the agent said makes no sense: its connection is ended', { line: line.slice(0, 200) });
      return taken;
    });
    say({ kind: 'hello', protocol: dnsProtocol, known });
  };

  return {
    accept(socket) {
      current?.destroy();
      current = socket;
      log.info('an agent is here');
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        if (current !== socket) return;
        current = undefined;
        log.info('the agent is gone: names are answered from what it said last');
      });
      serve(socket);
    },
    [Symbol.dispose]: () => current?.destroy(),
  };
}
