import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Exec } from '../../platform/exec.ts';
import { daemonOf } from './daemon.ts';
import type { Daemon } from './launcher.ts';
import { createSystemd } from './systemd.ts';

const daemon: Daemon = {
  name: 'agent',
  command: ['/usr/bin/node', '/srv/a b/agent.ts', '--state', '/var/lib/tutti', '100%', '$HOME', 'say "x"'],
  environment: { NODE_COMPILE_CACHE: '/var/cache/tutti' },
  stateDirectory: '/var/lib/tutti',
  runDirectory: '/run/tutti',
  logFile: '/var/lib/tutti/agent.log',
};

test('a daemon is a unit that comes back, and nothing is left of it', async () => {
  const unitDirectory = await mkdtemp(join(tmpdir(), 'tutti-units-'));
  const said: string[] = [];
  const exec: Exec = (command, args) => {
    said.push([command, ...args].join(' '));
    return Promise.resolve({ code: 0, stdout: args.includes('--property=MainPID') ? '42\n' : '', stderr: '' });
  };
  const launcher = createSystemd({ exec, unitDirectory });
  await launcher.start(daemon);
  const unit = await readFile(join(unitDirectory, 'tutti-agent.service'), 'utf8');
  assert.ok(
    unit.includes(
      'ExecStart="/usr/bin/node" "/srv/a b/agent.ts" "--state" "/var/lib/tutti" "100%%" "$$HOME" "say \\"x\\""\n',
    ),
    unit,
  );
  assert.match(unit, /Restart=always/);
  assert.match(unit, /Environment="NODE_COMPILE_CACHE=\/var\/cache\/tutti"/);
  assert.equal(await launcher.running(daemon), 42);
  await launcher.stop(daemon);
  assert.deepEqual(await readdir(unitDirectory), []);
  assert.deepEqual(said, [
    'systemctl --version',
    'systemctl daemon-reload',
    'systemctl enable --now tutti-agent.service',
    'systemctl show --property=MainPID --value tutti-agent.service',
    'systemctl disable --now tutti-agent.service',
    'systemctl daemon-reload',
  ]);
  await rm(unitDirectory, { recursive: true });
});

test('a daemon that needs few capabilities has no others', async () => {
  const unitDirectory = await mkdtemp(join(tmpdir(), 'tutti-units-'));
  const exec: Exec = () => Promise.resolve({ code: 0, stdout: '', stderr: '' });
  const launcher = createSystemd({ exec, unitDirectory });
  await launcher.start(daemonOf('resolver', daemon));
  await launcher.start(daemonOf('agent', daemon));
  const [resolver, agent] = await Promise.all(
    ['resolver', 'agent'].map((name) => readFile(join(unitDirectory, `tutti-${name}.service`), 'utf8')),
  );
  const confined =
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_DAC_READ_SEARCH\nNoNewPrivileges=yes\nNice=-10\nCPUWeight=1000\nKillMode=process';
  assert.ok(resolver?.includes(confined), resolver);
  assert.doesNotMatch(agent ?? '', /Capability|NoNew|Nice|CPUWeight/);
  await rm(unitDirectory, { recursive: true });
});

test('the pause between restarts grows where systemd can do that', async () => {
  const unitDirectory = await mkdtemp(join(tmpdir(), 'tutti-units-'));
  const unitOf = async (version: string): Promise<string> => {
    const exec: Exec = (_command, args) =>
      Promise.resolve({ code: 0, stdout: args.includes('--version') ? version : '', stderr: '' });
    await createSystemd({ exec, unitDirectory }).start(daemon);
    return await readFile(join(unitDirectory, 'tutti-agent.service'), 'utf8');
  };
  assert.match(await unitOf('systemd 257 (257.8-1~deb13u2)\n+PAM'), /RestartSec=100ms\nRestartSteps=6\nRestartMax/);
  const older = await unitOf('systemd 252 (252.39-1~deb12u1)\n+PAM');
  assert.match(older, /RestartSec=1s\nKillMode/);
  assert.doesNotMatch(older, /RestartSteps/);
  await rm(unitDirectory, { recursive: true });
});

const analyze = '/usr/bin/systemd-analyze';

test('systemd has no word against the units', { skip: !existsSync(analyze) && 'no systemd here' }, async () => {
  const unitDirectory = await mkdtemp(join(tmpdir(), 'tutti-units-'));
  const exec: Exec = () => Promise.resolve({ code: 0, stdout: 'systemd 250', stderr: '' });
  const launcher = createSystemd({ exec, unitDirectory });
  for (const name of ['manager', 'resolver', 'agent', 'endpoint'] as const)
    await launcher.start(daemonOf(name, daemon));
  const units = (await readdir(unitDirectory)).map((name) => join(unitDirectory, name));
  const { stdout, stderr } = await promisify(execFile)(analyze, ['verify', ...units]);
  // It reads what the machine has besides them, too.
  const words = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('tutti-'));
  assert.deepEqual(words, []);
  assert.equal(units.length, 4);
  await rm(unitDirectory, { recursive: true });
});
