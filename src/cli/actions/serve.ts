import type { ServeOptions } from '../../host/host.ts';
import type { Session } from '../session.ts';

/** Starts, or ends, the daemon behind this machine's own socket. */
export const serveMachine = async (session: Session, options: ServeOptions, stop: boolean): Promise<void> => {
  const host = await session.context.loadHost();
  await (stop ? host.unserve(options) : host.serve(options));
  const { socket } = options;
  if (session.json) return session.printJson({ socket, served: !stop });
  if (stop) session.print(`${socket} is served no longer.\n`);
  else session.print(`This machine's own endpoint:\n\n  export DOCKER_HOST=unix://${socket}\n`);
};
