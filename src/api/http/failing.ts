import { TuttiError } from '../../model/errors.ts';
import type { Reply } from './reply.ts';
import type { ApiRequest } from './request.ts';
import type { Answer } from './serve.ts';

/**
 * Answers what a handler throws as an error. What the handler has begun elsewhere for its answer (an engine's, say, that was
 * to be passed on) is read by nobody then: its request ends with it.
 */
export const answerFailures =
  (handle: (request: ApiRequest) => Promise<Reply>, errorReply: (fault: TuttiError) => Reply): Answer =>
  async (request) => {
    const failed = new AbortController();
    // Both live as long as the request: AbortSignal.any(), which lets go of them before that, is half of the work here.
    request.signal.addEventListener('abort', () => failed.abort(request.signal.reason), { once: true });
    if (request.signal.aborted) failed.abort(request.signal.reason);
    try {
      return await handle({ ...request, signal: failed.signal });
    } catch (thrown) {
      const fault = TuttiError.from(thrown);
      failed.abort(fault);
      return errorReply(fault);
    }
  };
