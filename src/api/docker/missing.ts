import type { MissingNode } from '../../manager/engines/ask.ts';

/** Names longer than this together are cut: headers have bounds. */
const mostShown = 50;

/** Headers of an answer that lacks what these nodes have: their names, and a warning for people. */
export const missingHeaders = (missing: readonly MissingNode[]): Readonly<Record<string, string>> => {
  if (missing.length === 0) return {};
  const names = missing.slice(0, mostShown).map(({ nodeName }) => encodeURIComponent(nodeName));
  const more = missing.length > mostShown ? ` and ${missing.length - mostShown} more` : '';
  return {
    'tutti-missing-nodes': names.join(','),
    warning: `199 tutti "this answer lacks what is on ${names.join(', ')}${more}"`,
  };
};
