import type { Http2Stream } from 'node:http2';
import { errorCodes, TuttiError, type ErrorCode } from '../../model/errors.ts';
import { httpStatusOf } from '../http-status.ts';
import { wholeOf } from '../whole.ts';

/** Names of the two protocols on a manager's one port, as TLS negotiates them. */
export const streamProtocol = 'h2';
export const requestProtocol = 'tutti-requests/1';

export const sessionPath = '/session';
export const callPrefix = '/call/';
/** Marks a response whose body is an error of ours, not an answer. */
export const errorHeader = 'tutti-error';
/** The protocol that a request asks for, and the one that its response has gone over to: HTTP/2 has no upgrades. */
export const upgradeHeader = 'tutti-upgrade';
export const upgradeBodyHeader = 'tutti-upgrade-body-bytes';

/** Ends the stream with the error, unless it has been answered already: then it is broken off. */
export const respondError = (
  stream: Http2Stream & { respond(headers: Record<string, string | number>): void; readonly headersSent: boolean },
  error: TuttiError,
): void => {
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) {
    stream.close(2); // INTERNAL_ERROR
    return;
  }
  stream.respond({
    ':status': httpStatusOf[error.code],
    'content-type': 'application/json',
    [errorHeader]: error.code,
  });
  stream.end(JSON.stringify({ code: error.code, message: error.message }));
};

const isCode = (code: unknown): code is ErrorCode => errorCodes.some((known) => known === code);

/** The error that a response carries. */
export const errorFrom = (body: string, status: number): TuttiError => {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value && isCode(value.code)) {
      return new TuttiError(value.code, String(value.message).slice(0, 4096));
    }
  } catch {
    // Said below.
  }
  return new TuttiError('internal', `the other end answered ${status} with something that is not an error of Tutti's`);
};

/** The whole body as text. Throws `resource-exhausted` beyond `maxBytes`, `unavailable` when the stream breaks. */
export const readAll = async (stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> =>
  (
    await wholeOf(
      stream,
      maxBytes,
      () => new TuttiError('resource-exhausted', `a body is longer than ${maxBytes} bytes`),
    )
  ).toString();
