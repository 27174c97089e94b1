import type { MissingNode } from '../../manager/engines/ask.ts';
import type { Reply } from '../http/reply.ts';

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

const mostWarnings = 10;
const longestWarning = 200;

/** The answer of what was done, with what else should have come of it and did not: for people, as HTTP says it. */
export const withWarnings = (reply: Reply, texts: readonly string[]): Reply => {
  if (texts.length === 0) return reply;
  const before = reply.headers?.['warning'];
  const shown = texts.slice(0, mostWarnings).map((text) => `199 tutti "${quotable(text)}"`);
  const warning = [...(before === undefined ? [] : [before]), ...shown].join(', ');
  return { ...reply, headers: { ...reply.headers, warning } };
};

/** What a header can hold, between quotes. */
const quotable = (text: string): string =>
  text
    .slice(0, longestWarning)
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .replaceAll('"', "'")
    .replaceAll('\\', '/');
