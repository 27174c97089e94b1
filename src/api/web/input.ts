import type * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { readJson } from '../http/body.ts';
import type { ApiRequest } from '../http/request.ts';
import { check } from '../http/validate.ts';

/** A stack of ten configs of a megabyte each fits. JSON of twice the size can take longer to read than a manager may be silent. */
const bodyLimit = 16 * 1024 * 1024;

/** The body, checked; unknown fields are refused. */
export const readRequest = async <Schema extends z.ZodType>(
  request: ApiRequest,
  schema: Schema,
): Promise<z.output<Schema>> => check(schema, await readJson(request, bodyLimit), 'request');

/** A whole number in a parameter; undefined when it is absent or empty. Throws `invalid-argument` for anything else. */
export const readNumber = (request: ApiRequest, name: string): number | undefined => {
  const text = request.query.get(name);
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new TuttiError('invalid-argument', `${name} must be a whole number, not "${text}"`);
};
