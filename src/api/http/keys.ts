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

/** The same of every key in a small value, such as a parameter. */
export const checkKeys = (value: unknown, what: string): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    checkKey(key, what);
    checkKeys(item, what);
  }
};
