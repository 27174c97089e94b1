import type {
  AssignedEndpoint,
  AssignedPeer,
  AssignedPublish,
  AssignedTask,
  AssignedVip,
  Assignment,
} from '../../model/assignment.ts';

/** What a task's node acts on. Of what is taken over from the row identities do: rows are never changed in place. */
export const sameTask = (before: AssignedTask | undefined, after: AssignedTask): boolean =>
  before !== undefined &&
  before.spec === after.spec &&
  before.desiredState === after.desiredState &&
  JSON.stringify(before.addresses) === JSON.stringify(after.addresses) &&
  before.genericResources === after.genericResources &&
  before.job === after.job &&
  JSON.stringify(before.hostPorts) === JSON.stringify(after.hostPorts);

/** Of small ones, made by one function. */
export const isSame = (before: Assignment | undefined, after: AssignedVip | AssignedPublish | AssignedPeer): boolean =>
  before !== undefined && JSON.stringify(before) === JSON.stringify(after);

/** What an endpoint comes to. */
export const sameEndpoint = (before: AssignedEndpoint, after: AssignedEndpoint): boolean =>
  before.ready === after.ready &&
  before.lost === after.lost &&
  before.nodeId === after.nodeId &&
  before.address === after.address &&
  before.address6 === after.address6 &&
  before.names.join() === after.names.join() &&
  before.taskNames.join() === after.taskNames.join() &&
  before.servers?.join() === after.servers?.join() &&
  before.links?.join() === after.links?.join() &&
  (before.ports === after.ports || JSON.stringify(before.ports) === JSON.stringify(after.ports));
