import type { Found } from '../../manager/images/holders.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';
import { missingHeaders } from './missing.ts';

/** What engines said of an image that none of them has. */
export const refusalOf = ({ refusals, missing }: Found, name: string): Reply => {
  const first = refusals.find(({ status }) => status !== 404) ?? refusals[0];
  const headers = missingHeaders(missing);
  if (first !== undefined) return { ...json({ message: first.message }, first.status), headers };
  const reasons = missing.map(({ nodeName, reason }) => `${nodeName} ${reason}`).join('; ');
  return { ...json({ message: `no node can be asked for image ${name}: ${reasons}` }, 503), headers };
};
