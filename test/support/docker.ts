import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The docker commands of this machine, each once, the one that PATH finds first before others. */
export const dockerCommands: readonly string[] = [
  ...new Set(
    (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((directory) => join(directory, 'docker'))
      .filter((path) => existsSync(path))
      .map((path) => realpathSync(path)),
  ),
];
