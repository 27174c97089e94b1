import { TuttiError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';

/** For `assert.throws` and `rejects`: a TuttiError with this code and, when given, a message that matches. */
export const hasCode =
  (code: ErrorCode, message?: RegExp) =>
  (error: unknown): boolean =>
    error instanceof TuttiError && error.code === code && (message === undefined || message.test(error.message));
