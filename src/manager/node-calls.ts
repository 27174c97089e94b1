import { nodeReport } from '../model/doctor.ts';
import { TuttiError } from '../model/errors.ts';
import { nodeName } from '../model/node.ts';
import type { Clock } from '../platform/ports.ts';
import { withDeadline } from '../rpc/deadline.ts';
import { inTurns } from '../rpc/in-turns.ts';
import { formatDoctorPath, formatRotateKeyPath } from '../rpc/node-calls.ts';
import type { NodeRequests } from '../rpc/transport.ts';
import type { View } from '../store/store.ts';
import { readAnswerJson } from './engines/ask.ts';
import type { NodeCalls } from './manager.ts';

const answerMs = 10_000;
const atOnce = 16;

export interface NodeCallPorts {
  readonly view: View;
  readonly requests: NodeRequests;
  readonly clock: Clock;
}

/** What managers ask of nodes by name of a user. */
export const createNodeCalls = ({ view, requests, clock }: NodeCallPorts): NodeCalls => ({
  async examine(nodeId, signal) {
    const began = clock.now();
    const response = await requests.request(nodeId, { path: formatDoctorPath() }, signal);
    const report = nodeReport.parse(await readAnswerJson(response));
    // The node looks at its clock when it is asked: half of the way there is not known, the examination is no part of it.
    return { report, clockMs: report.at - began };
  },
  async rotateKeys(signal) {
    const all = Array.from(view.list('node'));
    const nodes = all.filter(({ id, description }) => {
      return description?.publicKey !== undefined && view.get('nodeStatus', id)?.state === 'ready';
    });
    const failed: string[] = [];
    const one = async (node: (typeof nodes)[number]): Promise<void> => {
      using limit = withDeadline(clock, answerMs, `node ${nodeName(node)}`, signal);
      try {
        const { status, body } = await requests.request(node.id, { path: formatRotateKeyPath() }, limit.signal);
        for await (const _ of body);
        if (status !== 200) throw new TuttiError('internal', `it answered ${status}`);
      } catch (thrown) {
        signal.throwIfAborted();
        failed.push(`${nodeName(node)}: ${TuttiError.from(thrown).message}`);
      }
    };
    await inTurns(nodes, atOnce, one);
    if (failed.length > 0) {
      throw new TuttiError('unavailable', `not every node has made another key: ${failed.slice(0, 5).join('; ')}`);
    }
  },
});
