import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command, Option } from 'commander';
import type { Session } from '../session.ts';
import { candidates } from './candidates.ts';

const named =
  (...names: readonly string[]) =>
  async () =>
    names.map((name) => ({ name }));
const session = {
  client: {
    stacks: named('shop'),
    services: named('shop_web', 'shop_db'),
    nodes: named('node1', 'node2'),
    routes: named('shop.example/', 'shop.example/api'),
    clients: named('ann'),
  },
  signal: new AbortController().signal,
} as unknown as Session;

const program = new Command('tutti').option('--host <endpoint>', 'where the manager answers');
program.command('rm').argument('<names...>').option('-d, --detach', 'do not wait', false);
program
  .command('ps')
  .option('--node <node>', 'only there')
  .addOption(new Option('--format <f>').choices(['table', 'json']));
const route = program.command('route');
route.command('ls');
route.command('rm').argument('<route>');

const complete = async (...words: readonly string[]): Promise<readonly string[]> =>
  await candidates(program, words, async () => session);

test('commands, options, and the names that a command means', async () => {
  assert.deepEqual(await complete('r'), ['rm', 'route']);
  assert.deepEqual(await complete('rm', '--d'), ['--detach']);
  assert.deepEqual(await complete('rm', 'shop'), ['shop', 'shop_web', 'shop_db']);
  assert.deepEqual(await complete('--host', 'unix:///x', 'rm', 'shop_w'), ['shop_web']);
});

test('a command of a group has names of its own', async () => {
  assert.deepEqual(await complete('route', 'rm', ''), ['shop.example/', 'shop.example/api']);
  assert.deepEqual(await complete('route', 'ls', ''), []);
});

test('the value of an option is one of its choices or names, and is not taken for an argument', async () => {
  assert.deepEqual(await complete('ps', '--format', 'j'), ['json']);
  assert.deepEqual(await complete('ps', '--node', ''), ['node1', 'node2']);
  assert.deepEqual(await complete('rm', '--host', ''), []);
});

test('with no manager there are no names, and no error', async () => {
  assert.deepEqual(await candidates(program, ['rm', ''], () => Promise.reject(new Error('silent'))), []);
});
