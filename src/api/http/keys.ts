import { TuttiError } from '../../model/errors.ts';

/** Deeper documents are refused: nothing that a dialect takes comes near it. */
const maxDepth = 64;

/**
 * Throws `invalid-argument` for a document with a value inside of so many others that going on into it could be too much for the
 * stack. `what` it is: "the request's body". `each` sees all of its keys; indices of arrays, of which there may be millions, are none.
 */
export const checkDepth = (value: unknown, what: string, each?: (key: string) => void, depth = 0): void => {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= maxDepth) {
    throw new TuttiError('invalid-argument', `${what} is nested deeper than ${maxDepth} levels`);
  }
  if (Array.isArray(value)) {
    for (const item of value) checkDepth(item, what, each, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    each?.(key);
    checkDepth((value as Readonly<Record<string, unknown>>)[key], what, each, depth + 1);
  }
};

/**
 * As `checkDepth`, and throws for a key that would be lost without a word: schemas leave it out, as an object takes what is
 * assigned to it for its prototype.
 */
export const checkKeys = (value: unknown, what: string): void =>
  checkDepth(value, what, (key) => {
    if (key !== '__proto__') return;
    throw new TuttiError(
      'invalid-argument',
      `${what} has the key "__proto__", which nothing here can have: choose another`,
    );
  });
