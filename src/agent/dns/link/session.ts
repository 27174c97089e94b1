import type { Socket } from 'node:net';
import { errorCodes, TuttiError } from '../../../model/errors.ts';
import type { Clock, Timer } from '../../../platform/ports.ts';
import { readLines } from '../lines.ts';
import { changeLines, dnsProtocol, fromResolver } from '../protocol.ts';
import type { FromResolver } from '../protocol.ts';
import type { RowDifference } from './rows.ts';

/** One connection to the resolver. */
export interface ResolverSession {
  /** The resolver answers from the table of an agent that was here before. */
  readonly known: boolean;
  /**
   * Tells what has changed, everything the first time. False: the change before is not in force yet; `free` is called when
   * it is. `make` is called only where it is told: what it gives is not given again.
   */
  tell(make: (whole: boolean) => RowDifference): boolean;
  listen(id: number, address: string): void;
  /** No change is under way, and at least one was told. */
  isSettled(): boolean;
}

export interface SessionHandlers {
  readonly opened: (session: ResolverSession) => void;
  /** The last change is in force. */
  readonly free: () => void;
  readonly listened: (id: number, refusal: TuttiError | undefined) => void;
}

/** A resolver that does not answer for this long is left, and dialled again. */
const answerMs = 5_000;

const refusalOf = ({ code, message }: { readonly code: string; readonly message: string }): TuttiError =>
  new TuttiError(errorCodes.find((one) => one === code) ?? 'internal', message);

/** Talks over a socket until it closes. One change is under way at a time: what comes meanwhile is told as one. */
export function talk(socket: Socket, clock: Pick<Clock, 'after'>, handlers: SessionHandlers): void {
  let sequence = 0;
  let underWay = false;
  let told = false;
  let patience: Timer | undefined;

  const wait = (): void => {
    patience?.cancel();
    patience = clock.after(answerMs, () => socket.destroy(new Error(`no answer for ${answerMs / 1000} s`)));
  };
  const session = (known: boolean): ResolverSession => ({
    known,
    tell(make) {
      if (underWay) return false;
      const whole = !told;
      const { put, remove } = make(whole);
      told = true;
      if (!whole && put.length === 0 && remove.length === 0) return true;
      sequence += 1;
      underWay = true;
      wait();
      for (const line of changeLines({ sequence, whole, put, remove })) socket.write(line);
      return true;
    },
    listen: (id, address) => void socket.write(`${JSON.stringify({ kind: 'listen', id, address })}\n`),
    isSettled: () => !underWay && told,
  });
  const take = (message: FromResolver): boolean => {
    switch (message.kind) {
      case 'hello':
        if (message.protocol !== dnsProtocol) return false;
        patience?.cancel();
        handlers.opened(session(message.known));
        return true;
      case 'applied':
        if (message.sequence !== sequence) return false;
        patience?.cancel();
        underWay = false;
        handlers.free();
        return true;
      case 'listened':
        handlers.listened(message.id, message.refused && refusalOf(message.refused));
        return true;
    }
  };
  socket.on('close', () => patience?.cancel());
  wait();
  readLines(socket, (line) => {
    const message = fromResolver(line);
    return message !== undefined && take(message);
  });
}
