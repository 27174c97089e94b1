import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerEngine, ContainerRequest, EngineEvent } from '../../../src/agent/executor/engine.ts';
import { TuttiError } from '../../../src/model/errors.ts';
import type { ErrorCode } from '../../../src/model/errors.ts';
import { until } from '../../support/until.ts';

export interface ContractSubject extends AsyncDisposable {
  readonly engine: ContainerEngine;
  /** An image that the engine has, with a shell. */
  readonly image: string;
  /** Makes names unique where engines outlive a test. */
  readonly prefix: string;
}

const label = 'tutti.contract';

/** What every engine must do, the fake and the real: the agent relies on each of these. */
export function engineContract(name: string, make: () => Promise<ContractSubject>): void {
  const it = (what: string, check: (subject: ContractSubject & Helpers) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      await using subject = await make();
      await check({ ...subject, ...helpers(subject) });
    });
  };

  it('a container is made, started once, stopped once, removed once', async ({ engine, create, one }) => {
    const { id } = await create('life');
    assert.equal((await one(id)).state, 'created');
    assert.equal(await engine.startContainer(id), true);
    assert.equal(await engine.startContainer(id), false);
    assert.equal((await one(id)).state, 'running');
    assert.equal(await engine.stopContainer(id, 5), true);
    assert.equal(await engine.stopContainer(id, 5), false);
    const ended = await one(id);
    assert.equal(ended.state, 'exited');
    assert.equal(ended.exitCode, 0);
    assert.equal(await engine.removeContainer(id), true);
    assert.equal(await engine.removeContainer(id), false);
  });

  it('it gives a sign of life', async ({ engine }) => {
    await engine.ping();
    const stopped = AbortSignal.abort(new TuttiError('cancelled', 'enough'));
    await fails('cancelled', engine.ping({ signal: stopped }));
  });

  it('a running container is removed by force', async ({ engine, create }) => {
    const { id } = await create('force');
    await engine.startContainer(id);
    assert.equal(await engine.removeContainer(id), true);
    await fails('not-found', engine.inspectContainer(id));
  });

  it('a missing image, a taken name and a missing container are told apart', async ({ engine, create, prefix }) => {
    await fails('not-found', engine.createContainer(`${prefix}-noimage`, { Image: 'no.such/image:1' }), /image/i);
    await create('taken');
    await fails('conflict', create('taken'));
    await fails('not-found', engine.startContainer('nosuchcontainer'));
    await fails('not-found', engine.stopContainer('nosuchcontainer', 1));
  });

  it('a listing shows those with every label, with exit code', async ({ engine, create, prefix, one }) => {
    const { id } = await create('labels', { Cmd: ['sh', '-c', 'exit 3'], Labels: { [label]: prefix, other: 'x' } });
    await create('bare', { Labels: { [label]: prefix } });
    await engine.startContainer(id);
    await until(
      'exit',
      () => one(id),
      ({ state }) => state === 'exited',
    );
    const found = await engine.listContainers([`${label}=${prefix}`, 'other']);
    assert.deepEqual(
      found.map((container) => [container.id, container.exitCode]),
      [[id, 3]],
    );
  });

  it('events tell of creation, start, end with code, and removal, with the labels', async ({
    engine,
    create,
    prefix,
  }) => {
    await using events = await follow(engine, [`${label}=${prefix}`]);
    const { id } = await create('events', { Cmd: ['sh', '-c', 'exit 7'], Labels: { [label]: prefix } });
    await engine.startContainer(id);
    await until(
      'died',
      () => events.seen,
      (seen) => seen.some(({ kind }) => kind === 'died'),
    );
    await engine.removeContainer(id);
    await until(
      'removed',
      () => events.seen,
      (seen) => seen.some(({ kind }) => kind === 'removed'),
    );
    assert.deepEqual(
      events.seen.map(({ kind }) => kind),
      ['created', 'started', 'died', 'removed'],
    );
    const died = events.seen.find((event) => event.kind === 'died');
    assert.equal(died?.exitCode, 7);
    assert.equal(died.attributes[label], prefix);
  });

  it('a health check that passes is told, and listed', async ({ engine, create, prefix, one }) => {
    await using events = await follow(engine, [`${label}=${prefix}`]);
    const check = { Test: ['CMD', 'true'], Interval: 2e8 };
    const { id } = await create('healthy', { Labels: { [label]: prefix }, Healthcheck: check });
    await engine.startContainer(id);
    // Where this process is slow the check may have passed before it looks.
    assert.ok(['starting', 'healthy'].includes((await one(id)).health));
    await until(
      'healthy',
      () => events.seen,
      (seen) => seen.some((event) => event.kind === 'health' && event.health === 'healthy'),
    );
    assert.equal((await one(id)).health, 'healthy');
  });

  it('a health check that fails is told', async ({ engine, create, prefix }) => {
    await using events = await follow(engine, [`${label}=${prefix}`]);
    const check = { Test: ['CMD', 'false'], Interval: 1e8, Retries: 1 };
    const { id } = await create('unhealthy', { Labels: { [label]: prefix }, Healthcheck: check });
    await engine.startContainer(id);
    await until(
      'unhealthy',
      () => events.seen,
      (seen) => seen.some((event) => event.kind === 'health' && event.health === 'unhealthy'),
    );
  });

  it('output comes in order, by stream, and a follower sees the end', async ({ engine, create }) => {
    const { id } = await create('output', {
      Cmd: ['sh', '-c', 'echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three'],
    });
    await engine.startContainer(id);
    const frames: string[] = [];
    for await (const { stream, data } of engine.logs(id, { follow: true })) {
      frames.push(`${stream} ${Buffer.from(data).toString().trim()}`);
    }
    assert.deepEqual(frames, ['stdout one', 'stderr two', 'stdout three']);
    const last: string[] = [];
    for await (const { data } of engine.logs(id, { tail: 1 })) last.push(Buffer.from(data).toString().trim());
    assert.deepEqual(last, ['three']);
  });

  it('an aborted call and an aborted stream reject', async ({ engine }) => {
    const aborted = AbortSignal.abort(new TuttiError('cancelled', 'enough'));
    await fails('cancelled', engine.listContainers([], { signal: aborted }));
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of engine.events({
        labels: [label],
        signal: controller.signal,
        onOpen: () => controller.abort(new TuttiError('cancelled', 'enough')),
      }))
        continue;
    })();
    await fails('cancelled', reading);
  });

  it('host ports that the engine chose are told', async ({ engine, create }) => {
    const body = {
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '' }] } },
    };
    const { id } = await create('ports', body);
    await engine.startContainer(id);
    const [port] = (await engine.inspectContainer(id)).hostPorts;
    assert.equal(port?.target, 80);
    assert.ok(port.published > 0);
  });
}

interface Helpers {
  readonly create: (name: string, body?: ContainerRequest) => Promise<{ readonly id: string }>;
  readonly one: (id: string) => Promise<Awaited<ReturnType<ContainerEngine['listContainers']>>[number]>;
}

function helpers({ engine, image, prefix }: ContractSubject): Helpers {
  return {
    create: async (name, body = {}) =>
      await engine.createContainer(`${prefix}-${name}`, {
        Image: image,
        ...body,
        Labels: { [label]: prefix, ...body.Labels },
        HostConfig: { NetworkMode: 'none', ...body.HostConfig },
      }),
    one: async (id) => {
      const found = (await engine.listContainers([`${label}=${prefix}`])).find((container) => container.id === id);
      assert.ok(found, `container ${id} is listed`);
      return found;
    },
  };
}

async function fails(code: ErrorCode, call: Promise<unknown>, message = /./): Promise<void> {
  await assert.rejects(call, (fault) => {
    assert.ok(fault instanceof TuttiError, String(fault));
    assert.equal(fault.code, code, fault.message);
    assert.match(fault.message, message);
    return true;
  });
}

interface Following extends AsyncDisposable {
  readonly seen: readonly EngineEvent[];
}

async function follow(engine: ContainerEngine, labels: readonly string[]): Promise<Following> {
  const controller = new AbortController();
  const seen: EngineEvent[] = [];
  const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
  const reading = (async () => {
    try {
      for await (const event of engine.events({ labels, onOpen, signal: controller.signal })) seen.push(event);
    } catch (cause) {
      if (!controller.signal.aborted) throw cause;
    }
  })();
  await Promise.race([opened, reading]);
  return {
    seen,
    async [Symbol.asyncDispose]() {
      controller.abort(new TuttiError('cancelled', 'the test is over'));
      await reading;
    },
  };
}
