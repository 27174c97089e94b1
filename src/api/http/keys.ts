import { TuttiError } from '../../model/errors.ts';

/**
 * Throws `invalid-argument` for a key of JSON that would be lost without a word: schemas leave it out, as an object takes what is
 * assigned to it for its prototype. `what` has it: "the request's body".
 */
export const checkKey = (key: string, what: string): void => {
  if (key !== '__proto__') return;
  throw new TuttiError(
    'invalid-argument',
    `${what} has the key "__proto__", which nothing here can have: choose another`,
  );
};

/** Deeper documents are refused: nothing that a dialect takes comes near it. */
const maxDepth = 64;

/** Throws `invalid-argument` for a value inside of so many others that going on into it could be too much for the stack. */
export const checkDepth = (depth: number, what: string): void => {
  if (depth < maxDepth) return;
  throw new TuttiError('invalid-argument', `${what} is nested deeper than ${maxDepth} levels`);
};

/** Both, of every key and value in a small document, such as a parameter. */
export const checkKeys = (value: unknown, what: string, depth = 0): void => {
  if (typeof value !== 'object' || value === null) return;
  checkDepth(depth, what);
  for (const [key, item] of Object.entries(value)) {
    checkKey(key, what);
    checkKeys(item, what, depth + 1);
  }
};
