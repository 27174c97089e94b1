import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from './doctor.ts';
import type { NodeReport, PeerReach } from './doctor.ts';

const peer = (more: Partial<PeerReach>): PeerReach => ({
  name: 'n2',
  underlayMs: 1,
  overlayMs: 1,
  whole: true,
  encryption: 'open',
  ...more,
});
const without = (name: 'underlayMs' | 'overlayMs', from: PeerReach): PeerReach => {
  const { [name]: _left, ...others } = from;
  return others;
};
const report = (more: Partial<NodeReport>): NodeReport => ({
  at: 0,
  checks: [{ name: 'engine', ok: true, detail: 'answers' }],
  peers: [peer({})],
  untried: 0,
  tasks: [{ network: 'app', from: 'a', to: 'b', address: '10.0.0.2', ms: 1 }],
  findings: [],
  ...more,
});

test('a node with nothing wrong has no problem, whatever was mended before', () => {
  const findings = [{ at: 1, what: 'rules', details: ['add rule'], count: 1, mended: true }];
  assert.deepEqual(problemsOf(report({ findings }), 100), []);
  // A firewall may drop pings between the nodes' own addresses.
  assert.deepEqual(problemsOf(report({ peers: [without('underlayMs', peer({}))] }), 0), []);
});

test('each problem says what to look at', () => {
  const problems = problemsOf(
    report({
      checks: [{ name: 'engine', ok: false, detail: 'does not answer' }],
      peers: [
        without('overlayMs', peer({ name: 'n2' })),
        peer({ name: 'n3', whole: false }),
        peer({ name: 'n4', silent: true }),
      ],
      tasks: [{ network: 'app', from: 'a', to: 'b', address: '10.0.0.2' }],
    }),
    -5_000,
  );
  assert.deepEqual(problems, [
    'engine: does not answer',
    'n2 is not reached by the overlay, but by its own address: are UDP 4797 and 4798 open?',
    "large packets to n3 are lost: is the MTU of the way there less than the nodes'?",
    'no WireGuard handshake with n4: is UDP port 4798 open both ways?',
    'a does not reach b (10.0.0.2) on app',
    "its clock is -5000 ms off the manager's",
  ]);
});
