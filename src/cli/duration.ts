import { durationUnits } from '../model/duration.ts';

const units: Readonly<Record<string, number>> = { ...durationUnits, d: 86_400_000 };

/** Milliseconds of `90s`, `1m30s`, `2h` or a bare number of seconds; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * (units[unit] ?? 0);
  }
  return total;
};

/** A span for people, in its largest unit: `12 s`, `3 min`, `5 h`, `2 d`. */
export const formatDuration = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
};

/** A moment in milliseconds since the epoch: an RFC 3339 time, or a span before `now`. Undefined when it is neither. */
export const parseMoment = (text: string, now: number): number | undefined => {
  const span = parseDuration(text);
  if (span !== undefined) return now - span;
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
};
