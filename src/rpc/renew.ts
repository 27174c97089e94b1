const path = '/renew';

/** Asks a node to get itself another certificate, now. Answered when it has put it to use. */
export const formatRenewPath = (): string => path;

export const isRenewPath = (asked: string): boolean => asked === path;
