import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemExec } from '../../platform/exec.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Says at the end what was loaded. */
const spy = `
import { registerHooks } from 'node:module';
const urls = [];
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
process.on('exit', () => console.log(JSON.stringify(urls)));
`;

test("the resolver's program loads little: it runs on every node beside the agent", async () => {
  const hook = `data:text/javascript,${encodeURIComponent(spy)}`;
  const args = ['--disable-warning=ExperimentalWarning', '--import', hook, join(root, 'bin', 'resolver.ts'), '--warm'];
  const { code, stdout, stderr } = await systemExec(process.execPath, args, { timeoutMs: 60_000 });
  assert.equal(code, 0, stderr);
  const urls = JSON.parse(stdout) as string[];
  assert.ok(urls.length > 10 && urls.length < 60, `${urls.length} modules`);
  assert.deepEqual(
    urls.filter((url) => /node_modules\/(?!dns-packet|@leichtgewicht)|node:(http|https|http2|tls|sqlite)$/.test(url)),
    [],
  );
});
