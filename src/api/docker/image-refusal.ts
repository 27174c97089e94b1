import type { Found } from '../../manager/images/holders.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';
import type { ApiRequest } from '../http/request.ts';
import type { DockerContext } from './context.ts';
import { forward } from './forward.ts';
import { missingHeaders } from './missing.ts';
import { pickNode } from './nodes.ts';

/** What engines said of an image that none of them has, to whoever wanted to see it. */
export const refusalOf = ({ refusals, missing }: Found, name: string): Reply => {
  const first = refusals.find(({ status }) => status !== 404) ?? refusals[0];
  const headers = missingHeaders(missing);
  if (first !== undefined) return { ...json({ message: first.message }, first.status), headers };
  const reasons = missing.map(({ nodeName, reason }) => `${nodeName} ${reason}`).join('; ');
  return { ...json({ message: `no node can be asked for image ${name}: ${reasons}` }, 503), headers };
};

/** Whatever was to be done with an image that no engine has: one of them refuses it, each request in its own words. */
export const refusedByOne = async (context: DockerContext, request: ApiRequest, { missing }: Found): Promise<Reply> => {
  const reply = await forward(context.manager, pickNode(context).id, request);
  return { ...reply, headers: { ...reply.headers, ...missingHeaders(missing) } };
};
