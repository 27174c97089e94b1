import type { Manager } from '../../../manager/manager.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { passChange } from './change.ts';
import { locate, referenceOf } from './locate.ts';
import { withQuery } from './pass.ts';

/** Starts, or starts again: an address that two containers asked for is taken by one of them at a time. */
export const startContainer = async (
  manager: Manager,
  request: ApiRequest,
  what: 'start' | 'restart',
): Promise<Reply> => {
  const { id } = await locate(manager, referenceOf(request), request.signal);
  manager.networks.starting(id);
  return (await passChange(manager, request, { path: withQuery(request, `/${what}`) })).reply;
};
