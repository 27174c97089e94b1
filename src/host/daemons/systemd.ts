import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TuttiError } from '../../model/errors.ts';
import type { Exec } from '../../platform/exec.ts';
import { replaceFile } from '../../platform/files.ts';
import type { Daemon, Launcher } from './launcher.ts';

export interface SystemdOptions {
  readonly exec: Exec;
  /** Where units are. Default: `/etc/systemd/system`. */
  readonly unitDirectory?: string;
}

const unitName = ({ name }: Daemon): string => `tutti-${name}.service`;

/** As systemd.syntax(7) quotes: specifiers and variables are not meant. */
const quote = (word: string): string =>
  `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/** The first systemd in which the pause between restarts can grow; older ones ignore the settings for it. */
const growingSince = 254;

/**
 * At once, then with a growing pause. Where systemd knows one pause only it is a second: a daemon that keeps dying is not
 * to keep the machine busy.
 */
const restartSettings = (version: number): string =>
  version >= growingSince ? 'RestartSec=100ms\nRestartSteps=6\nRestartMaxDelaySec=10s' : 'RestartSec=1s';

/** A unit with few capabilities does not get others by a program that it starts. */
const confinement = ({ capabilities }: Daemon): string =>
  capabilities === undefined ? '' : `CapabilityBoundingSet=${capabilities.join(' ')}\nNoNewPrivileges=yes\n`;

/** Where systemd shares the processor between its units, niceness counts inside of each only. */
const priority = ({ niceness = 0 }: Daemon): string => (niceness < 0 ? `Nice=${niceness}\nCPUWeight=1000\n` : '');

const unit = (daemon: Daemon, version: number): string => `[Unit]
Description=Tutti ${daemon.name}
After=network-online.target docker.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${daemon.command.map(quote).join(' ')}
${Object.entries(daemon.environment)
  .map(([name, value]) => `Environment=${quote(`${name}=${value}`)}\n`)
  .join('')}Restart=always
${restartSettings(version)}
${confinement(daemon)}${priority(daemon)}KillMode=process
TimeoutStopSec=10s
StandardOutput=append:${daemon.logFile}
StandardError=append:${daemon.logFile}

[Install]
WantedBy=multi-user.target
`;

/** Runs daemons as systemd units, so that they also come back when the machine boots. */
export const createSystemd = ({ exec, unitDirectory = '/etc/systemd/system' }: SystemdOptions): Launcher => {
  const systemctl = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await exec('systemctl', args);
    if (code !== 0) throw new TuttiError('internal', `systemctl ${args.join(' ')} failed: ${stderr.trim()}`);
    return stdout;
  };
  /** As in `systemd 252 (252.39-1~deb12u1)`; 0 when it does not say. */
  const version = async (): Promise<number> => Number(/^systemd (\d+)/.exec(await systemctl('--version'))?.[1] ?? 0);
  return {
    start: async (daemon) => {
      await replaceFile(join(unitDirectory, unitName(daemon)), unit(daemon, await version()), 0o644);
      await systemctl('daemon-reload');
      await systemctl('enable', '--now', unitName(daemon));
    },
    stop: async (daemon) => {
      await exec('systemctl', ['disable', '--now', unitName(daemon)]);
      await rm(join(unitDirectory, unitName(daemon)), { force: true });
      await systemctl('daemon-reload');
    },
    running: async (daemon) => {
      const { stdout } = await exec('systemctl', ['show', '--property=MainPID', '--value', unitName(daemon)]);
      const pid = Number.parseInt(stdout, 10);
      return Number.isInteger(pid) && pid > 0 ? pid : undefined;
    },
  };
};
