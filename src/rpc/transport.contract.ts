import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { TuttiError } from '../model/errors.ts';
import type { AgentMessage, ManagerMessage } from '../model/protocol.ts';
import { bodyOf } from './body.ts';
import { pump } from './pump.ts';
import type { AgentTransport, Channel, ManagerListener, ManagerService, NodeService, Peer } from './transport.ts';

/** One manager that listens, and nodes that can reach it. */
export interface TransportHarness extends AsyncDisposable {
  readonly address: string;
  readonly listener: ManagerListener;
  agent(nodeId: string): Promise<AgentTransport>;
}

export type MakeHarness = (service: ManagerService) => Promise<TransportHarness>;

/** What one end of a channel has heard, to wait for. */
export const createRecorder = <Message>() => {
  const messages: Message[] = [];
  let drains = 0;
  let ending: { readonly reason: TuttiError | undefined } | undefined;
  let wake = (): void => undefined;
  return {
    messages,
    drains: () => drains,
    ending: () => ending,
    handlers: {
      message: (message: Message) => {
        messages.push(message);
        wake();
      },
      drain: () => {
        drains += 1;
        wake();
      },
      closed: (reason: TuttiError | undefined) => {
        assert.equal(ending, undefined, 'closed is called once');
        ending = { reason };
        wake();
      },
    },
    until: async (condition: () => boolean): Promise<void> => {
      const deadline = setTimeout(() => {
        throw new Error('waited for 30 s');
      }, 30_000);
      while (!condition()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      clearTimeout(deadline);
    },
  };
};

const heartbeat = { kind: 'heartbeat' } as const;
const applied = (sequence: number): AgentMessage => ({ kind: 'applied', sequence });

const createManager = () => {
  const recorder = createRecorder<AgentMessage>();
  const sessions: { peer: Peer; channel: Channel<ManagerMessage> }[] = [];
  const refused = new Set<string>();
  const service: ManagerService = {
    refusal: (peer) => (refused.has(peer.nodeId) ? new TuttiError('permission-denied', 'removed') : undefined),
    session: (peer, channel) => {
      sessions.push({ peer, channel });
      return recorder.handlers;
    },
  };
  const channel = () => {
    const last = sessions.at(-1);
    assert.ok(last);
    return last.channel;
  };
  return { recorder, sessions, refused, service, channel };
};

const text = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  let all = '';
  for await (const chunk of body) all += Buffer.from(chunk).toString('utf8');
  return all;
};

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part));
}

/** Only against a test that hangs: a machine with much else to do takes its time. */
const signal = () => AbortSignal.timeout(60_000);

/** The one suite that every transport passes. */
export const transportContract = (name: string, make: MakeHarness): void => {
  const open = async () => {
    const manager = createManager();
    const harness = await make(manager.service);
    const agent = createRecorder<ManagerMessage>();
    const transport = await harness.agent('node-a');
    return { manager, harness, agent, transport };
  };

  describe(`${name}: message stream`, () => {
    test('messages arrive in order in both directions, and the peer is known', async () => {
      const { manager, harness, agent, transport } = await open();
      await using _ = harness;
      const channel = await transport.connect(harness.address, agent.handlers, signal());
      for (let sequence = 1; sequence <= 100; sequence += 1) channel.send(applied(sequence));
      await manager.recorder.until(() => manager.recorder.messages.length === 100);
      assert.deepEqual(manager.recorder.messages[99], applied(100));
      assert.equal(manager.sessions[0]?.peer.nodeId, 'node-a');
      assert.equal(manager.sessions[0]?.peer.role, 'worker');
      manager.channel().send(heartbeat);
      await agent.until(() => agent.messages.length === 1);
      assert.deepEqual(agent.messages, [heartbeat]);
    });

    test('an orderly end by the agent is heard once at both ends', async () => {
      const { manager, harness, agent, transport } = await open();
      await using _ = harness;
      const channel = await transport.connect(harness.address, agent.handlers, signal());
      channel.send(heartbeat);
      channel.close();
      await manager.recorder.until(() => manager.recorder.ending() !== undefined);
      assert.equal(manager.recorder.messages.length, 1);
      assert.equal(manager.recorder.ending()?.reason, undefined);
      assert.equal(agent.ending()?.reason, undefined);
      assert.equal(channel.send(heartbeat), true);
    });

    test('a break by the manager is a fault at the agent', async () => {
      const { manager, harness, agent, transport } = await open();
      await using _ = harness;
      await transport.connect(harness.address, agent.handlers, signal());
      await manager.recorder.until(() => manager.sessions.length === 1);
      manager.channel().close(new TuttiError('unavailable', 'a newer session'));
      await agent.until(() => agent.ending() !== undefined);
      assert.equal(agent.ending()?.reason?.code, 'unavailable');
    });

    test('drop breaks what the node has open', async () => {
      const { harness, agent, transport } = await open();
      await using _ = harness;
      await transport.connect(harness.address, agent.handlers, signal());
      harness.listener.drop('node-b');
      assert.equal(agent.ending(), undefined);
      harness.listener.drop('node-a');
      await agent.until(() => agent.ending() !== undefined);
      assert.equal(agent.ending()?.reason?.code, 'unavailable');
    });

    test('a slow reader is told of by send, and drain ends it', async () => {
      const { manager, harness, agent, transport } = await open();
      await using _ = harness;
      await transport.connect(harness.address, agent.handlers, signal());
      const big = { kind: 'assignments', sequence: 1, complete: true, put: [], remove: ['x'.repeat(100_000)] } as const;
      let sent = 0;
      do sent += 1;
      while (manager.channel().send(big) && sent < 10_000);
      assert.ok(sent < 10_000);
      await manager.recorder.until(() => manager.recorder.drains() > 0);
      await agent.until(() => agent.messages.length === sent);
    });

    test('a peer that is refused, and a manager that is not there', async () => {
      const { manager, harness, agent, transport } = await open();
      await using _ = harness;
      manager.refused.add('node-a');
      await assert.rejects(transport.connect(harness.address, agent.handlers, signal()), { code: 'permission-denied' });
      await assert.rejects(transport.connect('127.0.0.1:1', agent.handlers, signal()), { code: 'unavailable' });
      const aborted = AbortSignal.abort(new TuttiError('cancelled', 'stopped'));
      await assert.rejects(transport.connect(harness.address, agent.handlers, aborted), { code: 'cancelled' });
    });
  });

  describe(`${name}: requests of nodes`, () => {
    const serving = async (service: NodeService) => {
      const { harness, transport } = await open();
      const ended = new AbortController();
      const served = transport.serve(harness.address, service, ended.signal);
      const request = async (path: string, body?: AsyncIterable<Uint8Array>, within = signal()) => {
        for (;;) {
          try {
            return await harness.listener.request('node-a', { path, ...(body && { body }) }, within);
          } catch (error) {
            // The node's connection may still be on its way.
            if (!(error instanceof TuttiError && error.message.includes('is not connected'))) throw error;
            within.throwIfAborted();
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
        }
      };
      return { harness, ended, served, request };
    };

    test('bodies stream both ways', async () => {
      const { harness, request } = await serving(async ({ path, body }) => ({
        status: 200,
        headers: { 'x-path': path },
        body: chunks('got ', await text(body ?? chunks())),
      }));
      await using _ = harness;
      const response = await request('/echo?a=b', chunks('one ', 'two'));
      assert.equal(response.status, 200);
      assert.equal(response.headers?.['x-path'], '/echo?a=b');
      assert.equal(await text(response.body), 'got one two');
    });

    test('an answer that nobody reads at once is kept', async () => {
      const { harness, request } = await serving(async ({ path, body }) => ({
        status: 200,
        body: chunks(path, await text(body ?? chunks())),
      }));
      await using _ = harness;
      const first = await request('/first', chunks('!'));
      // Both halves of the first one are over by then.
      for (const path of ['/second', '/third', '/fourth']) assert.equal(await text((await request(path)).body), path);
      assert.equal(await text(first.body), '/first!');
    });

    test('what the service throws arrives as the same code', async () => {
      const { harness, request } = await serving(() => Promise.reject(new TuttiError('not-found', 'no such task')));
      await using _ = harness;
      await assert.rejects(request('/logs/x'), { code: 'not-found', message: 'no such task' });
    });

    test('an abort ends the answer at both ends', async () => {
      const stopped = Promise.withResolvers<void>();
      const { harness, request } = await serving((_, gone) => {
        gone.addEventListener('abort', () => stopped.resolve(), { once: true });
        const body = async function* () {
          yield Buffer.from('first');
          await new Promise(() => undefined);
        };
        return Promise.resolve({ status: 200, body: body() });
      });
      await using _ = harness;
      const abort = new AbortController();
      const response = await request('/follow', undefined, abort.signal);
      await assert.rejects(async () => {
        for await (const chunk of response.body) {
          assert.equal(Buffer.from(chunk).toString(), 'first');
          abort.abort(new TuttiError('cancelled', 'enough'));
        }
      });
      await stopped.promise;
    });

    test('a lost connection breaks the answer; it does not end as if whole', async () => {
      const { harness, request, served } = await serving(() => {
        const body = async function* () {
          yield Buffer.from('first');
          await new Promise(() => undefined);
        };
        return Promise.resolve({ status: 200, body: body() });
      });
      await using _ = harness;
      const response = await request('/follow');
      await assert.rejects(async () => {
        for await (const _chunk of response.body) harness.listener.drop('node-a');
      });
      await served;
    });

    test('answers that nobody reads hold up no other', async () => {
      const block = Buffer.alloc(64 * 1024);
      const { harness, request } = await serving(({ path }) => {
        const endless = Readable.from(
          (function* () {
            for (;;) yield block;
          })(),
          { objectMode: false, highWaterMark: block.length },
        );
        return Promise.resolve({
          status: 200,
          body: path === '/endless' ? bodyOf(endless, (cause) => cause) : chunks('!'),
        });
      });
      await using _ = harness;
      const stop = new AbortController();
      for (let each = 0; each < 200; each += 1) await request('/endless', undefined, stop.signal);
      assert.equal(await text((await request('/short')).body), '!');
      stop.abort(new TuttiError('cancelled', 'enough'));
    });

    test('many long bodies go both ways at once', async () => {
      const { harness, request } = await serving(({ body }) =>
        Promise.resolve({ status: 200, body: body ?? chunks() }),
      );
      await using _ = harness;
      const block = Buffer.alloc(48 * 1024 + 7, 'x');
      const echo = async (blocks: number): Promise<void> => {
        const sent = Readable.from(
          (function* () {
            for (let each = 0; each < blocks; each += 1) yield block;
          })(),
          { objectMode: false, highWaterMark: block.length },
        );
        let size = 0;
        const taken = new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            size += chunk.length;
            setImmediate(done);
          },
        });
        await pump(
          (
            await request(
              '/echo',
              bodyOf(sent, (cause) => cause),
            )
          ).body,
          taken,
        );
        assert.equal(size, blocks * block.length);
      };
      await Promise.all([0, 1, 20, 22, 23, 25, 30, 36, 44, 55, 69, 88, 90, 92].map(echo));
    });

    test('a node that is not connected', async () => {
      const { harness, request, ended, served } = await serving(() => Promise.resolve({ status: 204, body: chunks() }));
      await using _ = harness;
      await text((await request('/')).body);
      await assert.rejects(harness.listener.request('node-b', { path: '/' }, signal()), { code: 'unavailable' });
      ended.abort();
      await served;
    });
  });
};
