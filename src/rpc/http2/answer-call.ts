import type { ServerHttp2Stream } from 'node:http2';
import { TuttiError } from '../../model/errors.ts';
import type { Caller, Calls } from '../calls.ts';
import { readAll, respondError } from './wire.ts';

const maxBodyBytes = 256 * 1024;

const permit = (access: Calls[string]['access'], caller: Caller): void => {
  if (access === 'anyone') return;
  if (caller.peer === undefined) throw new TuttiError('unauthenticated', 'this takes a certificate of the cluster');
  if (access === 'manager' && caller.peer.role !== 'manager') {
    throw new TuttiError('permission-denied', 'only a manager may ask this');
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TuttiError('invalid-argument', 'the request is not JSON', { cause: error });
  }
};

/** Answers one call on its stream. Never rejects. */
export const answerCall = async (
  stream: ServerHttp2Stream,
  name: string,
  calls: Calls,
  caller: Caller,
): Promise<void> => {
  try {
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (call === undefined) throw new TuttiError('not-found', `there is no call "${name.slice(0, 64)}"`);
    permit(call.access, caller);
    const body = parse(await readAll(stream, maxBodyBytes));
    const answer = JSON.stringify(await call.handle(body, caller));
    if (stream.destroyed) return;
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(answer);
  } catch (error) {
    respondError(stream, TuttiError.from(error));
  }
};
