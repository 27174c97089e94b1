import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { layoutNode } from '../../src/dev/layout.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { startCluster } from '../e2e/lib/cluster.ts';
import { pidOf } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { dockerCommands } from '../support/docker.ts';
import { until } from '../support/until.ts';
import type { Ran } from './cli.ts';
import { run } from './cli.ts';
import { ask, open, takeOver } from './lib/raw.ts';

interface Summary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Status: string;
  readonly Node: { readonly Name: string };
}

/** Containers on three real engines, seen and acted on from the one endpoint. */
describe('containers over the cluster', { skip: dockerCommands.length === 0 && 'no docker command here' }, () => {
  let cluster: TestCluster;
  let socket = '';
  const engineSocket = (node: string): string => layoutNode(cluster.layout, node).engine.socket;
  const docker = async (line: string, program = dockerCommands[0] ?? ''): Promise<Ran> =>
    await run('sh', ['-c', `${program} ${line}`], { environment: { DOCKER_HOST: cluster.endpoint } });
  const ok = async (line: string, program?: string): Promise<string> => {
    const { code, stdout, stderr } = await docker(line, program);
    assert.equal(code, 0, `docker ${line}: ${stderr}${stdout}`);
    return stdout.trim();
  };
  const make = async (node: string, name: string, ...command: readonly string[]): Promise<string> =>
    (await cluster.engine(nodeOf(node), 'run', '-d', '--name', name, tinyTag, ...command)).trim();
  const nodeOf = (name: string) => {
    const found = cluster.nodes.find((node) => node.name === name);
    assert.ok(found);
    return found;
  };
  /** What an engine has going on: every stream that it gives is some of these. */
  const goings = async (node: string): Promise<number> =>
    (await ask<{ readonly NGoroutines: number }>(engineSocket(node), 'GET', '/v1.41/info')).body.NGoroutines;
  const memory = async (node: string, daemon: 'agent' | 'manager'): Promise<number> => {
    const status = await readFile(`/proc/${await pidOf(cluster, node, daemon)}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  };

  before(async () => {
    cluster = await startCluster({ nodes: 3, managers: 1, images: 'tiny' });
    socket = cluster.endpoint.replace('unix://', '');
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  for (const program of dockerCommands) {
    test(`${program}: found by name, id, its beginning, and node/name, wherever it is`, async () => {
      const id = await make('node2', 'seen');
      for (const reference of ['seen', '/seen', id, id.slice(0, 12), id.slice(0, 5), 'node2/seen']) {
        assert.equal(await ok(`inspect ${reference} --format '{{.Id}} {{.Node.Name}}'`, program), `${id} node2`);
      }
      assert.equal(await ok('exec node2/seen hostname', program), id.slice(0, 12));
      assert.match((await docker('inspect node1/seen', program)).stderr, /no such object: node1\/seen/i);
      assert.match((await docker('exec node1/seen true', program)).stderr, /No such container: node1\/seen/);
      assert.equal(await ok('ps --filter name=seen --filter node=node2 -q --no-trunc', program), id);
      assert.equal(await ok('ps --filter name=seen --filter node=node1 -q', program), '');
      assert.equal(await ok(`ps --filter name=seen --no-trunc --format '{{.Names}}'`, program), 'seen,node2/seen');
      assert.equal(await ok('rm -f seen', program), 'seen');
      assert.match((await docker('inspect seen', program)).stderr, /no such object: seen/i);
    });

    test(`${program}: streams through two nodes: exec, attach, logs, cp, stats, a terminal`, async () => {
      const command = ['sh', '-c', 'sleep 1; echo hello; echo bad >&2; exit 5'];
      await cluster.engine(nodeOf('node3'), 'run', '-d', '--name', 'talk', tinyTag, ...command);
      const attached = await docker('attach --no-stdin talk', program);
      assert.deepEqual([attached.code, attached.stdout, attached.stderr], [5, 'hello\n', 'bad\n']);
      assert.equal(await ok('logs talk 2>/dev/null', program), 'hello');
      assert.equal(await ok('wait talk', program), '5');
      await ok('rm talk', program);
      await make('node3', 'talk');
      assert.equal(await ok('exec -i talk sh -c "cat; exit 0" <<EOF\nthrough\nEOF', program), 'through');
      assert.equal((await docker('exec talk sh -c "exit 7"', program)).code, 7);
      const terminal = `script -qec "${program} exec -it talk sh -c 'echo a tty'" /dev/null`;
      const typed = await run('sh', ['-c', terminal], {
        environment: { DOCKER_HOST: cluster.endpoint, TERM: 'xterm' },
      });
      assert.match(typed.stdout, /a tty/);
      const sum = 'head -c 3000000 /dev/urandom > /tmp/talk.bin; md5sum < /tmp/talk.bin';
      const { stdout: before_ } = await run('sh', ['-c', sum]);
      await ok('cp /tmp/talk.bin talk:/tmp/there', program);
      const back = await run('sh', ['-c', `${program} cp talk:/tmp/there - | tar -xO | md5sum; rm /tmp/talk.bin`], {
        environment: { DOCKER_HOST: cluster.endpoint },
      });
      assert.equal(back.stdout, before_);
      assert.match(
        (await docker('cp talk:/nowhere /tmp', program)).stderr,
        /(?:Could not find the file|No such container:path: talk:)\s?\/nowhere/,
      );
      assert.match(await ok("stats --no-stream --format '{{.Name}}' talk", program), /talk/);
      await ok('rm -f talk', program);
    });
  }

  test('lists are merged newest first over the nodes, and pruned together', async () => {
    for (const [node, name] of [
      ['node1', 'l1'],
      ['node3', 'l2'],
      ['node2', 'l3'],
      ['node1', 'l4'],
    ] as const) {
      await make(node, name);
    }
    const listed = async (more: string) => (await ok(`ps --filter name=^l --format '{{.Names}}' ${more}`)).split('\n');
    assert.deepEqual(await listed(''), ['l4', 'l3', 'l2', 'l1']);
    assert.deepEqual(await listed('-n 2'), ['l4', 'l3']);
    assert.deepEqual(await listed('--filter before=l3'), ['l2', 'l1']);
    assert.deepEqual(await listed('--filter since=l2'), ['l4', 'l3']);
    assert.match(
      (await docker('rename l1 l3')).stderr,
      /Conflict. The container name "\/l3" is already in use by container/,
    );
    await ok('kill l1 l2 l3 l4');
    const pruned = await ok('container prune -f');
    assert.equal(pruned.match(/^[0-9a-f]{64}$/gm)?.length, 4);
    assert.equal(await ok('ps -aq --filter name=^l'), '');
  });

  test('attach over a web socket', async () => {
    await make('node2', 'ws', 'sh', '-c', 'sleep 0.5; echo through the socket; sleep 1000');
    const { answer, socket: web } = await takeOver(
      socket,
      'GET',
      '/v1.41/containers/ws/attach/ws?logs=1&stream=1&stdout=1',
      {
        Upgrade: 'websocket',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version': '13',
        Origin: 'http://localhost',
      },
    );
    assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    let heard = '';
    web.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    await until(
      'it is heard',
      () => heard,
      (said) => said.includes('through the socket'),
    );
    web.destroy();
    await ok('rm -f ws');
  });

  test('a client that vanishes ends what the engine does for it', async () => {
    await make('node2', 'endless', 'sh', '-c', 'while true; do echo line; sleep 0.05; done');
    await ok('inspect endless');
    const quiet = await goings('node2');
    const paths = [
      ['GET', '/containers/endless/logs?follow=1&stdout=1'],
      ['GET', '/containers/endless/stats'],
      ['POST', '/containers/endless/wait'],
      ['POST', '/containers/endless/attach?stream=1&stdout=1'],
    ] as const;
    const answers = await Promise.all(paths.map(([method, path]) => open(socket, method, `/v1.41${path}`)));
    const { socket: hijacked } = await takeOver(socket, 'POST', '/v1.41/containers/endless/attach?stream=1&stdout=1', {
      Upgrade: 'tcp',
    });
    await until(
      'the streams are open',
      () => goings('node2'),
      (count) => count >= quiet + 10,
    );
    for (const answer of answers) answer.destroy();
    hijacked.destroy();
    await until(
      'the streams are over',
      () => goings('node2'),
      (count) => count <= quiet + 4,
    );
    await ok('rm -f endless');
  });

  test('many follow a log, and none misses what is written right before the end', async () => {
    // By the pause all have what came before it, and no burst is overtaken by the end. An engine that looks five times a second then
    // misses the last line, unless it happens to look right before the end: not with each of four pauses.
    const names = ['1.00', '1.05', '1.10', '1.15'].map((pause) => `count${pause}`);
    const count = 'i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); sleep 0.02; done';
    for (const name of names) await make('node2', name, 'sh', '-c', `${count}; sleep ${name.slice(5)}; echo last`);
    await ok(`inspect ${names.join(' ')}`);
    const path = (name: string): string => `/v1.41/containers/${name}/logs?stdout=1`;
    const followers = Array.from({ length: 50 }, () => names).flat();
    const heard = await Promise.all(
      followers.map(async (name) => await text(await open(socket, 'GET', `${path(name)}&follow=1`))),
    );
    for (const name of names) {
      const whole = await text(await open(engineSocket('node2'), 'GET', path(name)));
      const missing = heard.filter((each, at) => followers[at] === name && each !== whole);
      assert.equal(missing.length, 0, name);
    }
    await ok(`rm -f ${names.join(' ')}`);
  });

  test('a client that does not read holds its stream back: nothing is gathered on the way', async () => {
    await make('node2', 'yes', 'sh', '-c', 'while true; do echo 0123456789012345678901234567890123456789; done');
    const before_ = { manager: await memory('node1', 'manager'), agent: await memory('node2', 'agent') };
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => open(socket, 'GET', '/v1.41/containers/yes/logs?follow=1&stdout=1')),
    );
    for (const answer of answers) answer.pause();
    // The container goes on writing all the while.
    const writtenTo = performance.now() + 4000;
    await until(
      'it has written for a while',
      () => performance.now(),
      (now) => now > writtenTo,
      { everyMs: 200 },
    );
    const after_ = { manager: await memory('node1', 'manager'), agent: await memory('node2', 'agent') };
    for (const answer of answers) answer.destroy();
    assert.ok(after_.manager - before_.manager < 64, `manager: ${before_.manager} -> ${after_.manager} MiB`);
    assert.ok(after_.agent - before_.agent < 64, `agent: ${before_.agent} -> ${after_.agent} MiB`);
    await ok('rm -f yes');
  });

  test('a stream of 256 MiB goes through in constant memory', async () => {
    await make('node3', 'big');
    await ok('exec big dd if=/dev/zero of=/data/big bs=1M count=64');
    const before_ = { manager: await memory('node1', 'manager'), agent: await memory('node3', 'agent') };
    const read = await run(
      'sh',
      ['-c', `${dockerCommands[0]} exec big sh -c 'for i in 1 2 3 4; do cat /data/big; done' | wc -c`],
      {
        environment: { DOCKER_HOST: cluster.endpoint },
        timeoutMs: 120_000,
      },
    );
    assert.equal(Number(read.stdout), 256 * 1024 * 1024);
    const after_ = { manager: await memory('node1', 'manager'), agent: await memory('node3', 'agent') };
    assert.ok(after_.manager - before_.manager < 96, `manager: ${before_.manager} -> ${after_.manager} MiB`);
    assert.ok(after_.agent - before_.agent < 96, `agent: ${before_.agent} -> ${after_.agent} MiB`);
    await ok('rm -f big');
  });

  test("a lost node's containers are listed as last seen, and hold up nobody", async () => {
    await make('node3', 'lost');
    await make('node3', 'thrown');
    await make('node2', 'kept');
    await ok('inspect lost');
    await cluster.powerOff('node3');
    const began = performance.now();
    const at_once = await ask<readonly Summary[]>(socket, 'GET', '/v1.41/containers/json');
    assert.ok(performance.now() - began < 5000, 'the list has a deadline');
    assert.equal(at_once.headers['tutti-missing-nodes'], 'node3');
    const names = at_once.body.map(({ Names }) => Names[0]);
    assert.ok(names.includes('/kept') && names.includes('/lost'), String(names));
    await until(
      'node3 is down',
      () => ok(`ps --filter name=lost --format '{{.Status}}'`),
      (status) => status === 'Host Down',
    );
    const refused = await docker('exec lost true');
    assert.match(refused.stderr, /Container lost is on node node3, which cannot be asked: it is down/);
    assert.equal(await ok('exec kept echo fine'), 'fine');
    // Taken off the cluster: its name is free, and its node removes it when it is back.
    await ok('rm -f thrown');
    assert.equal(await ok('ps -aq --filter name=thrown'), '');
    await make('node2', 'thrown');
    await cluster.powerOn('node3');
    await until(
      'node3 is back',
      () => ok(`ps -a --filter name=lost --format '{{.Status}}'`),
      (status) => /^(?:Exited|Up)/.test(status),
      { deadlineMs: 60_000 },
    );
    await until(
      'node3 has removed it',
      async () => await cluster.engine(nodeOf('node3'), 'ps', '-aq', '--filter', 'name=thrown'),
      (ids) => ids.trim() === '',
    );
    assert.equal(await ok(`ps --filter name=thrown --format '{{.Names}}'`), 'thrown');
    await ok('rm -f lost kept thrown');
  });
});
