import type * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { readJson } from '../http/body.ts';
import { withFieldNames } from '../http/field-names.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Checked } from '../http/validate.ts';
import { checkKnown } from '../http/validate.ts';
import { momentOf } from './convert/time.ts';

/** Room for the largest specification that the model allows, a config of a megabyte among it. */
const bodyLimit = 16 * 1024 * 1024;

/** The body in Docker's shape, with a warning for each field that is not known. */
export const readBody = async <Schema extends z.ZodType>(
  request: ApiRequest,
  schema: Schema,
  what: string,
): Promise<Checked<z.output<Schema>> & { readonly warnings: readonly string[] }> => {
  const body = await readJson(request, bodyLimit);
  if (body === undefined) {
    throw new TuttiError('invalid-argument', `invalid ${what}: got EOF while reading request body: it is empty`);
  }
  const checked = checkKnown(schema, withFieldNames(schema, body), what);
  return { ...checked, warnings: checked.unknown.map((path) => `${path} is not known here and was left out`) };
};

/** The `version` parameter of an update: the object's version as last read. */
export const readVersion = (request: ApiRequest, what: string): number => {
  const text = request.query.get('version') ?? '';
  const version = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(version)) return version;
  throw new TuttiError('invalid-argument', `invalid ${what} version '${text}'`);
};

/** A moment in a parameter, in milliseconds since the epoch; undefined when it is absent, empty or zero. */
export const readMoment = (request: ApiRequest, name: string): number | undefined => {
  const text = request.query.get(name);
  if (text === null || text === '' || text === '0') return undefined;
  const moment = momentOf(text);
  if (moment !== undefined) return moment;
  throw new TuttiError('invalid-argument', `invalid ${name} '${text}': not a Unix time in seconds nor RFC 3339`);
};
