import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TuttiError } from '../../model/errors.ts';
import { down, downAfterAll } from '../down.ts';
import { forward } from '../forward.ts';
import type { Forward } from '../forward.ts';
import { buildImages } from '../images/build.ts';
import { tryLock } from '../images/cache.ts';
import { imageSource } from '../images/source.ts';
import { votingAppImages } from '../images/voting-app.ts';
import { layoutCluster } from '../layout.ts';
import type { Bases } from '../layout.ts';
import { describeCluster } from '../list.ts';
import type { NodeReport } from '../list.ts';
import { up } from '../up.ts';
import type { UpPorts } from '../up.ts';
import { demoCluster, makeContext, removeContext } from './docker-context.ts';
import { deployVotingApp, dockerAt, resultPort, votePort, waitForPage, waitUntilReady } from './stack.ts';

export interface DemoOptions {
  readonly nodes: number;
  readonly bases: Bases;
  /** Where images are kept from run to run. */
  readonly cache: string;
  readonly signal: AbortSignal;
}

/** The demo runs; disposing of it removes everything that it made. */
export interface Demo extends AsyncDisposable {
  /** On this machine. */
  readonly voteUrl: string;
  readonly resultUrl: string;
  readonly nodes: readonly NodeReport[];
  /** Name of the docker context. */
  readonly context: string;
  /** Where the manager answers, for `TUTTI_HOST`. */
  readonly endpoint: string;
}

/** Makes a cluster, deploys the voting app on it and waits until it can be voted on. What fails is removed again. */
export async function startDemo(ports: UpPorts, options: DemoOptions): Promise<Demo> {
  const cluster = layoutCluster(demoCluster, options.bases);
  const forwards: Forward[] = [];
  const lock = join(options.cache, 'demo.lock');
  await claim(lock);
  const remove = async (): Promise<void> => {
    for (const passing of forwards) await passing[Symbol.asyncDispose]();
    await removeContext(ports.exec);
    await downAfterAll(ports.exec, cluster);
    await rm(lock, { force: true });
  };
  try {
    if (await down(ports.exec, cluster)) ports.report('removed what an earlier demo had left');
    const { report, signal } = { ...ports, ...options };
    const archive = await buildImages(ports, { ...options, name: 'voting-app', images: votingAppImages, report });
    const images = await imageSource(ports, { ...options, archive, report });
    const state = await up(ports, options.bases, { ...defaults, nodes: options.nodes, ...images, signal });
    const { docker: endpoint = '', nodes } = await describeCluster(ports.exec, cluster, state);
    report('deploying the voting app');
    const docker = dockerAt(ports.exec, endpoint, signal);
    await deployVotingApp(docker, nodes[0]?.name ?? '');
    await waitUntilReady(docker, report, signal);
    const urls: string[] = [];
    for (const port of [votePort, resultPort]) {
      const passing = await forward(
        port,
        nodes.map((node) => ({ host: node.address, port })),
      );
      forwards.push(passing);
      urls.push(`http://127.0.0.1:${passing.port}/`);
    }
    for (const url of urls) await waitForPage(url, signal);
    const context = await makeContext(ports.exec, endpoint);
    const [voteUrl = '', resultUrl = ''] = urls;
    return { voteUrl, resultUrl, nodes, context, endpoint, [Symbol.asyncDispose]: remove };
  } catch (cause) {
    ports.report('removing what was made');
    await remove();
    throw cause;
  }
}

/** One demo at a time: a second one would remove the first as a leftover. */
async function claim(lock: string): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  if ((await tryLock(lock)) || (await tryLock(lock))) return;
  const pid = await readFile(lock, 'utf8').catch(() => '?');
  throw new TuttiError('conflict', `a demo runs already (process ${pid}); stop it with Ctrl-C first`);
}

const defaults = { name: demoCluster, managers: 1, agents: true, nat: false, engineArguments: [] };
