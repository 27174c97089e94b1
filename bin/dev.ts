import type { Command } from 'commander';
import type { CliContext } from '../src/cli/context.ts';
import { registerDev } from '../src/dev/commands.ts';
import { createMemberPort } from '../src/dev/member-host.ts';
import { systemSpawn } from '../src/dev/spawn.ts';
import { systemExec } from '../src/platform/exec.ts';

/** `tutti dev` on this machine. */
export const registerDevCommands = (program: Command, context: CliContext): void => {
  registerDev(program, {
    ports: {
      exec: systemExec,
      spawn: systemSpawn,
      path: context.environment['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      member: createMemberPort(systemExec),
      report: (line) => context.stderr.write(`${line}\n`),
    },
    print: (text) => context.stdout.write(text),
    signal: context.signal,
  });
};
