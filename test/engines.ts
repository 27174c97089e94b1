import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/**
 * Runs the tests with real engines, several files at once, since most of their time is waiting:
 * `node test/engines.ts [--at-once 3] [FOLDER…]`, of test/conformance, test/e2e and test/system.
 */
const { values, positionals } = parseArgs({
  options: { 'at-once': { type: 'string', default: '3' } },
  allowPositionals: true,
});
const folders = positionals.length > 0 ? positionals : ['conformance', 'e2e', 'system'];

/** Begun first, so that none of them is still at it when all others are done. */
const longest = ['side-by-side', 'libraries', 'placement', 'compose', 'images'].map((name) => `${name}.test.ts`);

const rank = (file: string): number => {
  const at = longest.findIndex((name) => file.endsWith(`/${name}`));
  return at < 0 ? longest.length : at;
};

const filesOf = async (folder: string): Promise<readonly string[]> =>
  (await readdir(join(import.meta.dirname, folder)))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(import.meta.dirname, folder, name));

const files = (await Promise.all(folders.map(filesOf))).flat().toSorted((a, b) => rank(a) - rank(b));
const tests = run({ files, concurrency: Number(values['at-once']) });
tests.on('test:fail', ({ todo }) => {
  if (todo === undefined) process.exitCode = 1;
});
tests.compose(spec).pipe(process.stdout);
