import type { ErrorCode } from '../model/errors.ts';

/** The status of an answer that is an error of ours. Whoever knows Tutti goes by the code in its body. */
export const httpStatusOf: Readonly<Record<ErrorCode, number>> = {
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
