import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Ran, RunOptions } from './cli.ts';
import { run } from './cli.ts';
import type { Live } from './live.ts';
import { startLive } from './live.ts';

const program = join(import.meta.dirname, '../../tutti');

const composeFile = (image: string): string => `
services:
  web:
    image: ${image}
    ports: ["8082:80"]
    deploy: {replicas: 2}
  job:
    image: job:1
    deploy: {mode: replicated-job}
`;

describe('the tutti command', () => {
  let live: Live;
  const tutti = (line: string, options: RunOptions = {}): Promise<Ran> =>
    run(program, line.split(' '), {
      cwd: live.directory,
      ...options,
      environment: { TUTTI_HOST: live.host, ...options.environment },
    });
  const ok = async (line: string, options?: RunOptions): Promise<string> => {
    const { code, stdout, stderr } = await tutti(line, options);
    assert.equal(code, 0, `tutti ${line}: ${stderr}${stdout}`);
    return stdout;
  };
  const json = async <Value>(line: string): Promise<Value> => JSON.parse(await ok(`${line} --format json`)) as Value;
  const fails = async (line: string, code: number, pattern: RegExp, options?: RunOptions): Promise<void> => {
    const ran = await tutti(line, options);
    assert.equal(ran.code, code, `tutti ${line}: ${ran.stderr}`);
    assert.match(ran.stderr, pattern);
  };
  const write = (name: string, text: string): Promise<void> => writeFile(join(live.directory, name), text);

  before(async () => {
    live = await startLive();
    live.cluster.behaviours.set('job:1', 'complete');
    await write('compose.yaml', composeFile('nginx:1'));
  });
  after(async () => {
    await live[Symbol.asyncDispose]();
  });

  test('nodes, drain, activate', async () => {
    assert.match(await ok('nodes'), /node1\s+ready\s+active\s+manager, leader/);
    assert.match(await ok('drain node3'), /node3 is drained: nothing runs there/);
    const nodes = await json<readonly { readonly name: string; readonly availability: string }[]>('nodes');
    assert.equal(nodes.find(({ name }) => name === 'node3')?.availability, 'drain');
    assert.match(await ok('pause node3'), /takes no new ones/);
    await ok('activate node3');
    await fails('drain nope', 3, /node nope not found/);
  });

  test('plan, deploy, plan again, update, ls, ps, explain, scale, rm', async () => {
    assert.match(await ok('plan shop'), /\+ service shop_web/);
    const deployed = await tutti('deploy shop');
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.equal(deployed.stdout, 'shop: 2 services running\n');
    assert.match(deployed.stderr, /created service shop_web/);
    assert.match(deployed.stderr, /✓ shop_web {2}2\/2 running/);
    assert.match(deployed.stderr, /✓ shop_job {2}1\/1 completed/);
    assert.match(await ok('plan shop'), /0 to create, 0 to update, 0 to remove/);
    assert.match((await tutti('deploy shop')).stderr, /shop: everything is as the files say already/);
    await write('compose.yaml', composeFile('nginx:2'));
    assert.match(await ok('plan shop'), /image: nginx:1 -> nginx:2/);
    const { services } = await json<{
      readonly services: readonly { readonly name: string; readonly image: string }[];
    }>('deploy shop');
    assert.equal(services.find(({ name }) => name === 'shop_web')?.image, 'nginx:2');
    assert.match(await ok('ls shop'), /shop_web\s+shop\s+replicated\s+2\/2\s+nginx:2\s+8082->80\/tcp/);
    assert.match(await ok('ls --stacks'), /shop\s+2\s+1/);
    assert.match(await ok('ps shop'), /shop_web\.1\s+\w+\s+node\d\s+running/);
    assert.match(await ok('explain shop_web.1'), /shop_web\.1 runs on node\d/);
    assert.match(await ok('scale shop_web=4'), /shop_web scaled to 4/);
    assert.equal((await json<readonly unknown[]>('ps shop_web')).length, 4);
    await ok('rm shop');
    assert.deepEqual(await json('ls'), []);
    await fails('rm shop', 3, /no stack and no service "shop"/);
  });

  test('a deployment that does not come to its end says why and exits with 6', async () => {
    await write('lost.yaml', 'services: {a: {image: x, deploy: {placement: {constraints: [node.labels.x==y]}}}}');
    await fails('deploy lost -f lost.yaml --timeout 500ms', 6, /lost_a\.1: .*no suitable node/is);
    await ok('deploy lost -f lost.yaml --detach');
    await ok('rm lost');
  });

  test('an invalid file is refused with its line and exits with 4, and nothing is changed', async () => {
    await write('bad.yaml', 'services:\n  a:\n    imagee: x\n');
    await fails('deploy bad -f bad.yaml', 4, /bad\.yaml:3:5: services\.a\.imagee: unknown key/);
    await fails('plan bad -f missing.yaml', 4, /missing\.yaml/);
    assert.deepEqual(await json('ls'), []);
  });

  test('a file comes on standard input', async () => {
    await ok('deploy piped -f -', { input: 'services: {a: {image: nginx:1}}' });
    await ok('rm piped');
  });

  test('logs and events', async () => {
    await ok('deploy shop');
    assert.match(await ok('logs shop_web'), /shop_web\.\d@node\d \| hello from standard output/);
    const line = JSON.parse((await ok('logs shop_web.1 --format json')).split('\n')[0] ?? '') as {
      readonly task: string;
    };
    assert.equal(line.task, 'shop_web.1');
    await fails('logs nope', 3, /there is no service and no task "nope"/);
    const { stdout } = await tutti('events --since 2023-01-01', {
      until: 'service shop_web: created',
      timeoutMs: 20_000,
    });
    assert.match(stdout, /service shop_web: created/);
    await ok('rm shop');
  });

  test('usage, completion, and a manager that is not there', async () => {
    await fails('frobnicate', 2, /unknown command/);
    await fails('scale web', 2, /SERVICE=REPLICAS/);
    await fails('nodes --format xml', 2, /Allowed choices/);
    await fails('nodes --host unix:///nonexistent', 5, /there is no such socket/);
    await fails('nodes --host nonsense', 4, /is not an endpoint/);
    await fails('join 10.0.0.1', 4, /join token is needed/);
    for (const shell of ['bash', 'zsh', 'fish']) assert.match(await ok(`completion ${shell}`), /tutti/);
    assert.equal(await ok('__complete -- dr'), 'drain\n');
    assert.equal(await ok('__complete -- drain node1'), 'node1\n');
    assert.match(await ok('__complete -- deploy --p'), /--prune/);
    const bash = await run('bash', [
      '-c',
      'eval "$("$1" completion bash)"; COMP_WORDS=("$1" act); COMP_CWORD=1; _tutti; echo "${COMPREPLY[@]}"',
      'bash',
      program,
    ]);
    assert.equal(bash.stdout, 'activate\n');
  });

  test('every command has help with examples', async () => {
    const help = await ok('--help');
    const names = [...help.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name).filter((name) => name !== 'tutti');
    assert.ok(names.length >= 17, names.join(' '));
    for (const name of names) if (name !== 'dev') assert.match(await ok(`${name} --help`), /Examples:/, name);
  });
});
