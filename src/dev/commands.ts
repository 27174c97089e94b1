import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { duration, withExamples, withFormat } from '../cli/commands/options.ts';
import { table } from '../cli/output/table.ts';
import { demoCluster, removeContext } from './demo/docker-context.ts';
import { down } from './down.ts';
import { defaultBases, layoutCluster } from './layout.ts';
import type { Bases } from './layout.ts';
import { describeCluster } from './list.ts';
import type { ClusterReport } from './list.ts';
import { cutFor, powerOff, powerOn, switchLink } from './power.ts';
import { clusterNames, readState } from './state.ts';
import { up } from './up.ts';
import type { UpPorts } from './up.ts';

/** What the `dev` command needs of the program that it is part of. */
export interface DevContext {
  readonly ports: UpPorts;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

interface Common {
  readonly name: string;
  readonly format: 'table' | 'json';
  readonly dataDirectory: string;
  readonly runDirectory: string;
}

interface UpFlags extends Common {
  readonly nodes: number;
  readonly managers: number;
  readonly enginePath?: string;
  readonly engineArg?: readonly string[];
  readonly nat: boolean;
  readonly ipv6: boolean;
  readonly agents: boolean;
}

/** Adds `dev` and its subcommands. Their actions reject with a TuttiError. */
export function registerDev(program: Command, context: DevContext): void {
  const dev = program
    .command('dev')
    .description('a cluster on this machine, for development and tests (needs root)')
    .addHelpText(
      'after',
      `
Each node is a network namespace with an address of its own on a private switch, an engine of its own and the daemons of
Tutti. This machine reaches the nodes at their addresses.`,
    );
  const tour = ['tutti dev up --nodes 3', 'tutti dev power-off node3', 'tutti dev power-on node3', 'tutti dev down'];
  withExamples(dev, ...tour);
  addUp(dev, context);
  addLs(dev, context);
  addNodeCommands(dev, context);
  addDown(dev, context);
}

const bases = (flags: Common): Bases => ({ dataDirectory: flags.dataDirectory, runDirectory: flags.runDirectory });

const count = (value: string): number => {
  if (!/^[0-9]{1,3}$/.test(value)) throw new InvalidArgumentError('a number is needed');
  return Number(value);
};

const withCommon = (command: Command): Command =>
  withFormat(command.option('--name <cluster>', 'which cluster; several may exist', 'dev'))
    .option('--data-directory <path>', 'where clusters keep what survives a power-off', defaultBases.dataDirectory)
    .option('--run-directory <path>', 'where clusters keep their sockets', defaultBases.runDirectory);

function addUp(dev: Command, context: DevContext): void {
  const command = withCommon(dev.command('up'))
    .description('make a cluster and start it')
    .option('--nodes <number>', 'how many', count, 3)
    .option('--managers <number>', 'how many of the nodes are managers, the first ones', count, 1)
    .option('--engine-path <directory>', 'use the dockerd and its companions in this directory')
    .option('--engine-arg <argument...>', 'passed to every dockerd: --engine-arg=--experimental')
    .option('--nat', 'let the nodes out to the network of this machine', false)
    .option('--ipv6', 'give the nodes IPv6 addresses, too', false)
    .option('--no-agents', 'start engines only, nothing of Tutti')
    .action(async (flags: UpFlags) => {
      const state = await up(context.ports, bases(flags), {
        name: flags.name,
        nodes: flags.nodes,
        managers: flags.managers,
        agents: flags.agents,
        nat: flags.nat,
        ipv6: flags.ipv6,
        enginePath: flags.enginePath,
        engineArguments: flags.engineArg ?? [],
        signal: context.signal,
      });
      const cluster = layoutCluster(flags.name, bases(flags));
      printCluster(context, flags, await describeCluster(context.ports.exec, cluster, state));
    });
  withExamples(
    command,
    'tutti dev up',
    'tutti dev up --name test --nodes 5 --format json',
    'tutti dev up --engine-path /opt/docker-28 --engine-arg=--experimental',
    'tutti dev up --nat                # images can be pulled from outside',
  );
}

function addLs(dev: Command, context: DevContext): void {
  const command = withCommon(dev.command('ls'))
    .description('list the nodes of a cluster, or with --all the clusters')
    .option('--all', 'every cluster of this machine', false)
    .action(async (flags: Common & { readonly all: boolean }) => {
      const names = flags.all ? await clusterNames(bases(flags)) : [flags.name];
      const reports = await Promise.all(
        names.map(async (name) => {
          const cluster = layoutCluster(name, bases(flags));
          return await describeCluster(context.ports.exec, cluster, await readState(cluster));
        }),
      );
      if (flags.format === 'json' && flags.all) context.print(`${JSON.stringify(reports)}\n`);
      else {
        for (const report of reports) {
          if (flags.all && flags.format === 'table') context.print(`cluster ${report.name}\n`);
          printCluster(context, flags, report);
        }
      }
    });
  withExamples(command, 'tutti dev ls', 'tutti dev ls --name test --format json', 'tutti dev ls --all');
}

/** What became of a node, for people and for scripts. */
interface Said {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

function addNodeCommands(dev: Command, context: DevContext): void {
  const { exec } = context.ports;
  /** `act` may have more to say than that it is done. */
  const add = <Flags extends Common>(
    name: string,
    description: string,
    act: (flags: Flags, node: string) => Promise<void | Said>,
    done: string,
    more = '',
  ): Command => {
    const command = withCommon(dev.command(name))
      .description(description)
      .argument('<node>', 'its name, as `tutti dev ls` lists it')
      .action(async (node: string, flags: Flags) => {
        const { text, json } = (await act(flags, node)) ?? { text: done, json: { [name]: true } };
        context.print(flags.format === 'json' ? `${JSON.stringify({ node, ...json })}\n` : `${node} ${text}\n`);
      });
    return withExamples(command, `tutti dev ${name} node2`, `tutti dev ${name} node3 --name test${more}`);
  };
  const cluster = (flags: Common) => layoutCluster(flags.name, bases(flags));
  add(
    'power-off',
    'take the power of a node: its link first, then everything in it at once',
    async (flags, node) => await powerOff(exec, cluster(flags), node),
    'is off',
  );
  add(
    'power-on',
    'switch a node on again, with what it has on its disk',
    async (flags, node) => await powerOn(context.ports, cluster(flags), node, context.signal),
    'is on',
  );
  add(
    'cut',
    'cut the link of a node; neither side is told',
    async (flags: Common & { readonly for?: number }, node) => {
      if (flags.for === undefined) return await switchLink(exec, cluster(flags), node, 'down');
      const ms = Math.round(await cutFor(exec, cluster(flags), node, flags.for, context.signal));
      return { text: `was cut off for ${ms} ms`, json: { cutForMs: ms } };
    },
    'is cut off',
    ' --for 1500ms',
  ).option('--for <span>', 'make it whole again after this time', duration);
  add(
    'heal',
    'make the link of a node whole again',
    async (flags, node) => await switchLink(exec, cluster(flags), node, 'up'),
    'is reachable again',
  );
}

function addDown(dev: Command, context: DevContext): void {
  const command = withCommon(dev.command('down'))
    .description('remove a cluster and everything that it made, also one that is only half there')
    .option('--all', 'every cluster of this machine', false)
    .action(async (flags: Common & { readonly all: boolean }) => {
      const names = flags.all ? await clusterNames(bases(flags)) : [flags.name];
      const removed: string[] = [];
      for (const name of names) {
        if (await down(context.ports.exec, layoutCluster(name, bases(flags)))) removed.push(name);
        // A demo that was killed leaves it; the directory says that it is the demo's, not a test's of that name.
        const isDemo = name === demoCluster && flags.dataDirectory === defaultBases.dataDirectory;
        if (isDemo) await removeContext(context.ports.exec);
      }
      if (flags.format === 'json') context.print(`${JSON.stringify({ removed })}\n`);
      else context.print(removed.length === 0 ? 'nothing to remove\n' : `removed ${removed.join(', ')}\n`);
    });
  withExamples(command, 'tutti dev down', 'tutti dev down --name test', 'tutti dev down --all');
}

function printCluster(context: DevContext, flags: Common, report: ClusterReport): void {
  if (flags.format === 'json') {
    context.print(`${JSON.stringify(report)}\n`);
    return;
  }
  const rows = report.nodes.map((node) => [
    node.name,
    node.role,
    node.address,
    node.power,
    node.link,
    node.answers ? 'yes' : 'no',
    node.engine,
  ]);
  const header = ['NODE', 'ROLE', 'ADDRESS', 'POWER', 'LINK', 'ANSWERS', 'ENGINE'];
  const docker = report.docker === undefined ? '' : `\ndocker --host ${report.docker} info\n`;
  context.print(`${table(header, rows)}${docker}`);
}
