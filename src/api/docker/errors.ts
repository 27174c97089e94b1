import type { ErrorCode } from '../../model/errors.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';

/** The status that Docker answers for the same fault (moby maps gRPC codes: a failed precondition is a 400). */
const statuses: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': 400,
  'not-found': 404,
  'already-exists': 409,
  conflict: 400,
  'version-mismatch': 500,
  'in-use': 400,
  'permission-denied': 403,
  unauthenticated: 401,
  'not-implemented': 501,
  unavailable: 503,
  'deadline-exceeded': 504,
  cancelled: 500,
  'resource-exhausted': 503,
  corrupt: 500,
  internal: 500,
};

/** Docker's error body, `{"message": …}`. */
export const errorReply = (thrown: unknown): Reply => {
  const error = TuttiError.from(thrown);
  return json({ message: error.message }, statuses[error.code]);
};

/** Runs a lookup and says what is missing in Docker's words, `service web not found`. */
export const lookup = <Value>(kind: string, reference: string, find: () => Value): Value => {
  try {
    return find();
  } catch (thrown) {
    if (thrown instanceof TuttiError && thrown.code === 'not-found') throw notFound(kind, reference, thrown);
    throw thrown;
  }
};

/** As `lookup`, for commands. */
export const lookupAsync = async <Value>(
  kind: string,
  reference: string,
  run: () => Promise<Value>,
): Promise<Value> => {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof TuttiError && thrown.code === 'not-found' && mentions(thrown, reference)) {
      throw notFound(kind, reference, thrown);
    }
    throw thrown;
  }
};

export const notFound = (kind: string, reference: string, cause?: unknown): TuttiError =>
  new TuttiError('not-found', `${kind} ${reference} not found`, { cause });

/** A command may miss something else than the object that it is for: a network of a service, say. */
const mentions = (error: TuttiError, reference: string): boolean => error.message.includes(reference);
