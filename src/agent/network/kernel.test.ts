import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRouting, emptySixthRouting } from './routing/batch.ts';
import { createKernel } from './kernel.ts';

test('a command that failed once is a fault that passes: no task is given up for it', async () => {
  const settings = { read: () => undefined, write: () => false, list: () => [] };
  const kernel = createKernel(
    (_command, _args) => Promise.resolve({ code: 1, stdout: '', stderr: 'busy\n' }),
    settings,
  );
  const found = { routing: emptyRouting, sixth: emptySixthRouting, tables: new Map() };
  const tables = [{ family: 'ip', sets: new Map(), chains: new Map() }] as const;
  await assert.rejects(
    kernel.change(found, {
      routing: emptyRouting,
      sixth: undefined,
      settings: new Map(),
      tables,
      publications: [],
      services: [],
    }),
    {
      code: 'unavailable',
      message: "nft could not change the node's network: busy",
    },
  );
});
