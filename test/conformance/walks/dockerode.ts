import { setTimeout } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';

/** One step: what it gives is compared between two endpoints. */
export type WalkStep = (docker: Docker) => Promise<unknown>;

const image = 'busybox:latest';

/** How a call fails that has to. */
const refused = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
    return 'not refused';
  } catch (thrown) {
    const { statusCode, json } = thrown as {
      readonly statusCode?: number;
      readonly json?: { readonly message?: string };
    };
    return [statusCode, json?.message];
  }
};

const eventually = async <Value>(read: () => Promise<Value>, wanted: (value: Value) => boolean): Promise<Value> => {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await read();
    if (wanted(value) || performance.now() > deadline) return value;
    await setTimeout(100);
  }
};

const started = async (docker: Docker, more: Docker.ContainerCreateOptions = {}): Promise<Docker.Container> => {
  const container = await docker.createContainer({ Image: image, Cmd: ['sleep', '100'], ...more });
  await container.start();
  return container;
};

/** A duplex connection's two output streams, separated. */
const separated = async (docker: Docker, stream: NodeJS.ReadableStream): Promise<readonly string[]> => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  const ended = (): void => {
    out.end();
    err.end();
  };
  stream.once('end', ended);
  stream.once('close', ended);
  return (await Promise.all([buffer(out), buffer(err)])).map(String);
};

const tarOf = async (files: Readonly<Record<string, string>>): Promise<Buffer> => {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return await buffer(tar);
};

const progress = async (docker: Docker, stream: NodeJS.ReadableStream): Promise<readonly Record<string, unknown>[]> =>
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, output) => (error === null ? resolve(output) : reject(error))),
  );

export const walk: Readonly<Record<string, WalkStep>> = {
  ping: async (docker) => String(await docker.ping()),

  'version and info': async (docker) => {
    const { Os, ApiVersion } = await docker.version();
    const info = (await docker.info()) as Record<string, unknown>;
    return [Os, typeof ApiVersion, ['ID', 'Name', 'NCPU', 'Swarm', 'Driver'].filter((key) => key in info)];
  },

  df: async (docker) => {
    const { BuilderSize: _goneSince42, ...rest } = (await docker.df()) as Readonly<Record<string, unknown>>;
    return Object.keys(rest).toSorted();
  },

  run: async (docker) => {
    const out = new PassThrough();
    const text = buffer(out);
    const [result, container] = (await docker.run(image, ['sh', '-c', 'echo hello; exit 3'], out)) as [
      { readonly StatusCode: number },
      Docker.Container,
    ];
    out.end();
    await container.remove();
    return [result.StatusCode, String(await text)];
  },

  'run with two streams and no terminal': async (docker) => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const texts = Promise.all([buffer(out), buffer(err)]);
    const [result, container] = (await docker.run(image, ['sh', '-c', 'echo o; echo e >&2'], [out, err], {
      Tty: false,
    })) as [{ readonly StatusCode: number }, Docker.Container];
    out.end();
    err.end();
    await container.remove();
    return [result.StatusCode, (await texts).map(String)];
  },

  'attach with standard input': async (docker) => {
    const container = await docker.createContainer({ Image: image, Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    const said = separated(docker, stream);
    await container.start();
    stream.write('through ');
    stream.end('and through');
    const { StatusCode } = (await container.wait()) as { readonly StatusCode: number };
    const texts = await said;
    await container.remove();
    return [StatusCode, texts];
  },

  'attach to a terminal': async (docker) => {
    const container = await docker.createContainer({
      Image: image,
      Cmd: ['sh'],
      Tty: true,
      OpenStdin: true,
      StdinOnce: true,
    });
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    const said = buffer(stream as unknown as Readable);
    await container.start();
    await container.resize({ h: 30, w: 91 });
    stream.write('busybox stty size; exit 4\n');
    const { StatusCode } = (await container.wait()) as { readonly StatusCode: number };
    stream.end();
    const text = String(await said);
    await container.remove();
    return [StatusCode, text.includes('30 91')];
  },

  exec: async (docker) => {
    const container = await started(docker);
    const exec = await container.exec({
      Cmd: ['sh', '-c', 'echo o; echo e >&2; exit 5'],
      AttachStdout: true,
      AttachStderr: true,
    });
    const texts = await separated(docker, await exec.start({}));
    const { ExitCode, Running } = await exec.inspect();
    await container.remove({ force: true });
    return [texts, ExitCode, Running, await refused(docker.getExec('nosuch').inspect())];
  },

  'exec with standard input': async (docker) => {
    const container = await started(docker);
    const exec = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
    const stream = await exec.start({ hijack: true, stdin: true });
    const said = separated(docker, stream);
    stream.end('x'.repeat(100_000));
    const texts = await said;
    await container.remove({ force: true });
    return texts.map((text) => text.length);
  },

  'logs, followed and not': async (docker) => {
    const container = await started(docker, { Cmd: ['sh', '-c', 'echo a; echo c >&2; sleep 0.3; echo b; sleep 0.3'] });
    const followed = await separated(docker, await container.logs({ follow: true, stdout: true, stderr: true }));
    const whole = (await container.logs({ stdout: true, tail: 1 })).subarray(8).toString();
    await container.remove();
    return [followed, whole];
  },

  'inspect, list, rename, states': async (docker) => {
    const container = await started(docker, { name: 'rode-1', Labels: { rode: '1' } });
    const listed = await docker.listContainers({ filters: { label: ['rode=1'] } });
    const states: unknown[] = [];
    const note = async (action: Promise<unknown>): Promise<void> => {
      await action;
      const { State } = await container.inspect();
      states.push([State.Status, State.Running, State.Paused]);
    };
    await note(container.pause());
    await note(container.unpause());
    await note(container.restart({ t: 0 }));
    await note(container.stop({ t: 0 }));
    const again = await refused(container.stop());
    await note(container.start());
    const twice = await refused(container.start());
    await note(container.kill());
    await container.rename({ name: 'rode-2' });
    const { Name } = await container.inspect();
    await container.remove();
    return [
      listed.map(({ Names, State }) => [Names[0], State]),
      states,
      again,
      twice,
      Name,
      await refused(docker.getContainer('rode-2').inspect()),
    ];
  },

  'stats, top, changes, update': async (docker) => {
    const container = await started(docker);
    const once = await container.stats({ stream: false });
    const top = (await container.top({ ps_args: 'aux' })) as { readonly Titles: readonly string[] };
    const stream = (await container.stats({ stream: true })) as unknown as Readable;
    const [first] = (await stream.take(1).toArray()) as Buffer[];
    stream.destroy();
    const changes: unknown = await container.changes();
    await container.update({ Memory: 64 << 20, MemorySwap: 128 << 20 });
    const { HostConfig } = await container.inspect();
    await container.remove({ force: true });
    return [
      Object.keys(once).includes('cpu_stats'),
      top.Titles.includes('PID'),
      String(first).startsWith('{'),
      changes,
      HostConfig.Memory,
    ];
  },

  archives: async (docker) => {
    const container = await started(docker);
    await container.putArchive(await tarOf({ f: 'inside' }), { path: '/data' });
    const archive = await buffer((await container.getArchive({ path: '/data/f' })) as unknown as Readable);
    const info = (await container.infoArchive({ path: '/data/f' })) as { readonly headers?: Record<string, string> };
    const exported = await buffer((await container.export()) as unknown as Readable);
    await container.remove({ force: true });
    return [archive.includes('inside'), typeof info, exported.length > 100_000];
  },

  'wait before it ends, and for the removal': async (docker) => {
    const container = await docker.createContainer({ Image: image, Cmd: ['sh', '-c', 'sleep 0.5; exit 9'] });
    const next = container.wait({ condition: 'next-exit' });
    await setTimeout(200);
    await container.start();
    const ended: unknown = await next;
    const removed = container.wait({ condition: 'removed' });
    await setTimeout(200);
    await container.remove();
    return [ended, await removed];
  },

  'build, run, tag, history, remove': async (docker) => {
    const context = await tarOf({
      Dockerfile: `FROM ${image}\nCOPY f /f\nRUN cat /f\nCMD cat /f\n`,
      f: 'from the file\n',
    });
    const said = await progress(
      docker,
      await docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: 'rode:1' }),
    );
    await docker.getImage('rode:1').tag({ repo: 'rode', tag: '2' });
    const tags = (await docker.getImage('rode:2').inspect()).RepoTags.toSorted();
    const history = (await docker.getImage('rode:1').history()) as readonly unknown[];
    const listed = await docker.listImages({ filters: { reference: ['rode'] } });
    await docker.getImage('rode:2').remove();
    await docker.getImage('rode:1').remove();
    return [
      said.some((line) => String(line['stream']).includes('from the file')),
      tags,
      history.length,
      listed.length,
      await refused(docker.getImage('rode:1').inspect()),
    ];
  },

  'a build that fails': async (docker) => {
    const context = await tarOf({ Dockerfile: `FROM ${image}\nRUN exit 2\n` });
    const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, { forcerm: true });
    const said = await progress(docker, stream).catch((thrown: unknown) => [{ error: (thrown as Error).message }]);
    return said.map((line) => line['error']).filter(Boolean);
  },

  'get and load an image': async (docker) => {
    await docker.getImage(image).tag({ repo: 'rode-saved', tag: '1' });
    const archive = await buffer((await docker.getImage('rode-saved:1').get()) as unknown as Readable);
    await docker.getImage('rode-saved:1').remove();
    const said = await progress(docker, await docker.loadImage(archive as unknown as NodeJS.ReadableStream));
    const { RepoTags } = await docker.getImage('rode-saved:1').inspect();
    await docker.getImage('rode-saved:1').remove();
    return [said.length > 0, RepoTags.includes('rode-saved:1')];
  },

  commit: async (docker) => {
    const container = await started(docker, { Cmd: ['sh', '-c', 'echo x > /data/x'] });
    await container.wait();
    const made = (await container.commit({ repo: 'rode-commit', tag: '1', comment: 'why' })) as { readonly Id: string };
    const { Comment } = await docker.getImage('rode-commit:1').inspect();
    await container.remove();
    await docker.getImage('rode-commit:1').remove();
    return [made.Id.slice(0, 7), Comment];
  },

  events: async (docker) => {
    const stream = (await docker.getEvents({
      filters: { type: ['container'], label: ['rode=e'] },
    })) as unknown as Readable;
    const container = await started(docker, { Cmd: ['true'], Labels: { rode: 'e' } });
    await container.wait();
    await container.remove();
    const actions: string[] = [];
    for await (const chunk of stream) {
      for (const line of String(chunk).split('\n').filter(Boolean))
        actions.push((JSON.parse(line) as { Action: string }).Action);
      if (actions.includes('destroy')) break;
    }
    return actions;
  },

  networks: async (docker) => {
    const network = await docker.createNetwork({ Name: 'rode-net', Labels: { rode: 'n' } });
    const container = await started(docker);
    await network.connect({ Container: container.id, EndpointConfig: { Aliases: ['here'] } });
    const inside = Object.keys(((await network.inspect()) as { readonly Containers: object }).Containers);
    const listed = await docker.listNetworks({ filters: { label: ['rode=n'] } });
    await network.disconnect({ Container: container.id, Force: true });
    await container.remove({ force: true });
    await network.remove();
    return [
      inside.length,
      inside[0] === container.id,
      listed.map(({ Name, Driver }) => [Name, Driver]),
      ((await refused(network.inspect())) as readonly unknown[])[0],
    ];
  },

  volumes: async (docker) => {
    const made = await docker.createVolume({ Name: 'rode-volume', Labels: { rode: 'v' } });
    const { Volumes } = await docker.listVolumes({ filters: { label: ['rode=v'] } });
    const volume = docker.getVolume('rode-volume');
    const { Driver, Scope } = await volume.inspect();
    await volume.remove();
    return [
      (made as unknown as { readonly Name?: string; readonly name?: string }).Name ?? made.name,
      Volumes.map(({ Name }) => Name),
      Driver,
      Scope,
      await refused(volume.inspect()),
    ];
  },

  'services and their tasks': async (docker) => {
    await docker.createService({
      Name: 'rode-service',
      TaskTemplate: { ContainerSpec: { Image: image, Command: ['sh', '-c', 'echo said; sleep 100'] } },
      Mode: { Replicated: { Replicas: 2 } },
    } as Docker.CreateServiceOptions);
    const service = docker.getService('rode-service');
    const running = async (): Promise<number> => {
      const tasks = (await docker.listTasks({
        filters: { service: ['rode-service'], 'desired-state': ['running'] },
      })) as readonly {
        readonly Status: { readonly State: string };
      }[];
      return tasks.filter(({ Status }) => Status.State === 'running').length;
    };
    const count = await eventually(running, (many) => many === 2);
    const { Spec, Version } = (await service.inspect()) as {
      readonly Spec: Record<string, unknown>;
      readonly Version: { readonly Index: number };
    };
    await service.update({ ...Spec, version: Version.Index, Mode: { Replicated: { Replicas: 1 } } });
    const stale = (await refused(service.update({ ...Spec, version: Version.Index }))) as readonly unknown[];
    const fewer = await eventually(running, (many) => many === 1);
    const logs = await separated(
      docker,
      (await service.logs({ stdout: true, stderr: true, follow: false })) as unknown as Readable,
    ).catch(String);
    await service.remove();
    return [count, fewer, stale, String(logs).includes('said'), await refused(service.inspect())];
  },

  'nodes, secrets, configs': async (docker) => {
    const nodes = (await docker.listNodes()) as readonly {
      readonly ID: string;
      readonly Status: { readonly State: string };
    }[];
    const secret = await docker.createSecret({ Name: 'rode-secret', Data: Buffer.from('x').toString('base64') });
    const config = await docker.createConfig({ Name: 'rode-config', Data: Buffer.from('y').toString('base64') });
    const inspected = (await docker
      .getConfig((config as unknown as { readonly ID?: string; readonly id: string }).ID ?? config.id)
      .inspect()) as { readonly Spec: { readonly Data: string } };
    const secrets = (await docker.listSecrets()) as unknown as readonly { readonly Spec: { readonly Name: string } }[];
    await docker.getSecret('rode-secret').remove();
    await docker.getConfig('rode-config').remove();
    return [
      nodes.every(({ Status }) => Status.State === 'ready'),
      typeof secret,
      inspected.Spec.Data,
      secrets.map(({ Spec }) => Spec.Name),
      await refused(docker.getSecret('rode-secret').inspect()),
    ];
  },

  'a stream that is left in the middle': async (docker) => {
    const container = await started(docker, { Cmd: ['sh', '-c', 'while true; do echo more; done'] });
    const stream = (await container.logs({ follow: true, stdout: true })) as unknown as Readable;
    await stream.take(3).toArray();
    stream.destroy();
    await container.remove({ force: true });
    return 'left';
  },

  prune: async (docker) => {
    const containers = await docker.pruneContainers({ filters: { label: ['nosuch'] } });
    const images = await docker.pruneImages({ filters: { label: ['nosuch'] } });
    const volumes = await docker.pruneVolumes({ filters: { label: ['nosuch'] } });
    const networks = await docker.pruneNetworks({ filters: { label: ['nosuch'] } });
    return [containers, images, volumes, networks].map((answer) => Object.keys(answer as object).toSorted());
  },
};
