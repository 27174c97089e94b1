import { durationUnits } from '../../../model/duration.ts';

const nanosPerMilli = 1e6;

/** Docker counts spans in nanoseconds, the model in milliseconds with fractions. */
export const millisOf = (nanos: number): number => nanos / nanosPerMilli;

export const nanosOf = (millis: number): number => Math.round(millis * nanosPerMilli);

/** RFC 3339 of milliseconds since the epoch. */
export const timestampOf = (millis: number): string => new Date(millis).toISOString();

/**
 * Milliseconds since the epoch of Docker's `seconds[.nanoseconds]` or an RFC 3339 time; undefined when it is neither.
 */
export const momentOf = (text: string): number | undefined => {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text)) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
};

/** As `momentOf`, and Go's durations (`24h`, `1h30m`), counted back from `now`. */
export const momentBefore = (text: string, now: number): number | undefined => {
  if (!/^(?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h)){1,7}$/.test(text)) return momentOf(text);
  const parts = text.matchAll(/([\d.]+)([a-zµ]+)/g);
  return now - parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (durationUnits[unit] ?? 0), 0);
};
