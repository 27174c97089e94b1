import type { Clock, Log, LogFields } from './ports.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Takes one line, without its line feed. */
export type LogSink = (line: string) => void;

const bare = /^[\w.:/@+-]+$/;
const text = (value: string | number | boolean): string => {
  const plain = String(value);
  return bare.test(plain) ? plain : JSON.stringify(plain);
};

const fieldsText = (fields: LogFields): string => {
  let line = '';
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) line += ` ${name}=${text(value)}`;
  return line;
};

/** Lines such as `2026-01-31T10:00:00.000Z warn manager lost node=abc error="timed out"` (logfmt after the message). */
export const createLog = (options: {
  readonly level: LogLevel;
  readonly clock: Clock;
  readonly sink: LogSink;
}): Log => {
  const least = logLevels.indexOf(options.level);
  const make = (common: LogFields): Log => {
    const commonText = fieldsText(common);
    const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (logLevels.indexOf(level) < least) return;
      const time = new Date(options.clock.now()).toISOString();
      options.sink(`${time} ${level} ${message}${commonText}${fields === undefined ? '' : fieldsText(fields)}`);
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      with: (fields) => make({ ...common, ...fields }),
    };
  };
  return make({});
};

const nothing = (): void => undefined;

/** Says nothing. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => silentLog };
