import type { ErrorCode } from '../../model/errors.ts';
import { TuttiError } from '../../model/errors.ts';
import type { ErrorView } from '../../model/native.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';

const statuses: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': 400,
  'not-found': 404,
  'already-exists': 409,
  conflict: 409,
  'version-mismatch': 409,
  'in-use': 409,
  'permission-denied': 403,
  unauthenticated: 401,
  'not-implemented': 501,
  unavailable: 503,
  'deadline-exceeded': 504,
  cancelled: 499,
  'resource-exhausted': 503,
  corrupt: 500,
  internal: 500,
};

/** The code and message as they are, so that the client throws the same error again. */
export const errorReply = (thrown: unknown): Reply => {
  const { code, message, fields } = TuttiError.from(thrown);
  const body: ErrorView = { error: { code, message, ...(Object.keys(fields).length > 0 ? { fields } : {}) } };
  return json(body, statuses[code]);
};
