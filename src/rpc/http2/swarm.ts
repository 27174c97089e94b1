import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

/** What `docker swarm join` shows, after the engine's own "rpc error: code = Unimplemented desc = ". */
const message =
  'this is a Tutti cluster, which engines do not join by themselves: run "tutti join" on the machine instead, ' +
  'with the same address, and the token on standard input';

/** Whether an engine's swarm mode asks, as it does after `docker swarm join`: it speaks gRPC, nothing of ours does. */
export const isSwarm = (headers: IncomingHttpHeaders): boolean =>
  headers['content-type']?.startsWith('application/grpc') === true;

/** Refuses in gRPC's form, so that the engine hands the reason on (status 12 is UNIMPLEMENTED; grpc.io, "PROTOCOL-HTTP2"). */
export const refuseSwarm = (stream: ServerHttp2Stream): void => {
  stream.on('error', () => undefined);
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12', 'grpc-message': message },
    { endStream: true },
  );
};
