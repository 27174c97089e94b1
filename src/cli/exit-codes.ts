import type { ErrorCode } from '../model/errors.ts';

/** What the exit code of `tutti` means; docs/cli.md has the table for users. */
export const exitCodes = {
  ok: 0,
  /** It was tried and failed, or something is broken. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  notFound: 3,
  /** Refused: an invalid file or value, a conflict, no permission. Nothing was changed. */
  refused: 4,
  /** No manager answers, or it cannot work now. */
  unavailable: 5,
  /** It did not come to its end in time; it may still. */
  timeout: 6,
  /** Ctrl-C, as shells have it: 128 + SIGINT. */
  interrupted: 130,
} as const;

const byCode: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': exitCodes.refused,
  'not-found': exitCodes.notFound,
  'already-exists': exitCodes.refused,
  conflict: exitCodes.refused,
  'version-mismatch': exitCodes.refused,
  'in-use': exitCodes.refused,
  'permission-denied': exitCodes.refused,
  unauthenticated: exitCodes.refused,
  'not-implemented': exitCodes.refused,
  unavailable: exitCodes.unavailable,
  'deadline-exceeded': exitCodes.timeout,
  cancelled: exitCodes.interrupted,
  'resource-exhausted': exitCodes.unavailable,
  corrupt: exitCodes.failed,
  internal: exitCodes.failed,
};

export const exitCodeOf = (code: ErrorCode): number => byCode[code];
