import { TuttiError } from '../../model/errors.ts';
import type { ErrorView } from '../../model/native.ts';
import { httpStatusOf } from '../../rpc/http-status.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';

/** The code and message as they are, so that the client throws the same error again. */
export const errorReply = (thrown: unknown): Reply => {
  const { code, message, fields } = TuttiError.from(thrown);
  const body: ErrorView = { error: { code, message, ...(Object.keys(fields).length > 0 ? { fields } : {}) } };
  return json(body, httpStatusOf[code]);
};
