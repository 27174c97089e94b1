import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { keyTable } from './stack/keys.ts';
import { stackOf } from './testing/memory.ts';

const page = await readFile(new URL('../../docs/compose.md', import.meta.url), 'utf8');

test('the example in docs/compose.md deploys without a warning', async () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const { stack, warnings } = await stackOf(example, { environment: { DB_PASSWORD: 'x' } });
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    stack.services.map(({ name }) => name),
    ['shop_web', 'shop_db'],
  );
});

test('docs/compose.md lists every key that is ignored, with the reason', () => {
  for (const [key, treatment] of Object.entries(keyTable)) {
    if (treatment === 'acted on') continue;
    const line = `| \`${key}\` | ${treatment.ignored} |`;
    assert.ok(page.includes(line), `missing: ${line}`);
  }
});
