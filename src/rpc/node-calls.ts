/** What a manager asks of a node besides its engine, its logs and its networks: paths for both ends. */
const rotateKey = '/rotate-key';

/** Asks a node to make itself another key for the encryption between nodes. Answered when the manager may hear of it. */
export const formatRotateKeyPath = (): string => rotateKey;

export const isRotateKeyPath = (asked: string): boolean => asked === rotateKey;

const doctor = '/doctor';

/** Asks a node to look for what is wrong with it. The answer is a `nodeReport` in JSON. */
export const formatDoctorPath = (): string => doctor;

export const isDoctorPath = (asked: string): boolean => asked === doctor;

const listenersPath = /^\/listeners\/([0-9,]{1,25000})$/;

/** Asks a node which of these ports its own processes listen on. The answer is `listeners` in JSON. */
export const formatListenersPath = (ports: readonly number[]): string => `/listeners/${ports.join(',')}`;

export const parseListenersPath = (asked: string): readonly number[] | undefined =>
  listenersPath.exec(asked)?.[1]?.split(',').map(Number);
